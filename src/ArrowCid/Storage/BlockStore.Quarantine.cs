using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Damage that is recorded and quarantined while the store is in use.</summary>
internal sealed partial class BlockStore
{
    /// <summary>The damage that is recorded in this store.</summary>
    public DamageLog Damaged => _damage;

    /// <summary>Whether a segment is still there, or its file may be.</summary>
    public bool HasSegment(int slot, uint generation) => slot < _control.Superblock.Segments &&
        _control.Table(slot) is var word && word.Generation == generation && word.State != SegmentState.Free;

    /// <summary>Records that a range does not hold what was written there, for every process that has the store open or
    /// opens it later; a handle that only reads keeps it in memory. Nothing else changes.</summary>
    public void NoteDamage(DamagedRange range)
    {
        Enter();
        if (!_damage.Add(range)) return;
        _control.Reporter.DamageFound(range);
        if (IsReadOnly || _damage.FactOf(range) is not { } fact) return;
        try
        {
            // Before and after: killed in between, the fact is looked for, and an early reader looks again.
            _damage.Announce();
            _ = OwnLane().Puts.Append(fact);
            _damage.Announce();
        }
        catch (ArrowCidException)
        {
            // The caller reports the damage itself; if there is no space for the fact, the next reader finds the damage
            // again.
        }
    }

    /// <summary>
    /// Takes damaged records of data segments out of use, beside readers and writers: the fact that records the range
    /// is committed (H3), and then the index entries that lead there are removed, so that a block is put again or
    /// repaired like one that is absent. Leases stay as they are. Segments of facts are left alone.
    /// </summary>
    public void Quarantine()
    {
        EnterToWrite();
        foreach (SegmentPlace place in Places(null).Where(place => place.Kind != SegmentKind.Facts))
        {
            if (_segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) continue;
            try
            {
                Quarantine(segment!);
            }
            finally
            {
                segment!.Release();
            }
        }
    }

    /// <summary>Where the record of a block that is no longer found is stored, damaged: in a segment, or in a file that
    /// was quarantined.</summary>
    /// <returns>File and offset, or null.</returns>
    public string? FindQuarantined(in Digest256 digest)
    {
        Digest256 wanted = digest;
        if (FindInFiles(in digest) is { } file) return file;
        DamagedRange? found = _damage.All().Find(range =>
            range.Block is { } block && block.TryGetSha256(out Digest256 one) && one == wanted);
        // A block that was removed is not missed, though its damaged bytes are still there.
        return found is null || _liveness?.IsDead(in digest) == true ? null : found.Place;
    }

    /// <summary>The blocks whose record is quarantined, and that are neither found nor removed.</summary>
    public List<Cid> LostBlocks()
    {
        Enter();
        IEnumerable<Cid> all = _damage.All().Select(range => range.Block).OfType<Cid>()
            .Concat(BlocksInFiles().Values.Select(one => one.Cid));
        return [.. all.Distinct().Where(cid => cid.TryGetSha256(out Digest256 digest) && !IsBack(in digest))];
    }

    private void Quarantine(Segment segment)
    {
        var scan = new LogScan(segment);
        while (scan.MoveNext())
        {
            LogEntry entry = scan.Entry;
            if (entry.State == LogEntryState.Damaged)
            {
                NoteDamage(new DamagedRange(null, segment.Slot, segment.Generation, entry.Offset, entry.Bytes));
                CrashPoint.Pass(CrashStep.H3);
                _index.RemoveWithin(segment.Slot, segment.Generation, entry.Offset, entry.Offset + entry.Bytes);
            }
            else if (entry.State == LogEntryState.Committed && entry.Header.IsBlock &&
                !LogScan.IsPayloadRight(segment, in entry))
            {
                RecordHeader header = entry.Header;
                NoteDamage(new DamagedRange(Cid.FromSha256(header.Codec, header.Digest), segment.Slot,
                    segment.Generation, entry.Offset, entry.Bytes));
                CrashPoint.Pass(CrashStep.H3);
                _index.Remove(in header.Digest, segment, entry.Offset);
            }
        }
    }

    /// <summary>Whether a ring has evicted newer segments and kept this one, because of its readers: its blocks, and
    /// their repaired copies too, are no longer to be expected.</summary>
    private bool HasOutlived(Segment segment)
    {
        if (!_control.Superblock.IsRing) return false;
        ulong begun = _control.Map.Read(StoreLayout.SegmentOrder) - segment.Header.Order;
        return begun > (ulong)Places(null).Count(place => place.Order > segment.Header.Order);
    }

    /// <summary>The finding for a quarantined range; null where it is none, or lookups still lead there.</summary>
    private StoreFinding? Quarantined(Segment segment, in LogEntry entry)
    {
        if (!_damage.Has(segment.Slot, segment.Generation, entry.Offset)) return null;
        RecordHeader header = entry.Header;
        if (entry.State == LogEntryState.Damaged)
            return new StoreFinding("quarantined", FindingSeverity.Note, entry.Place,
                $"no record can be read in {entry.Bytes} bytes, and nothing leads there",
                new Remedy(RemedyKind.Compact));
        if (!header.IsBlock || _index.HasEntry(in header.Digest, segment, entry.Offset)) return null;
        Cid cid = Cid.FromSha256(header.Codec, header.Digest);
        return IsBack(in header.Digest) || HasOutlived(segment)
            ? new StoreFinding("quarantined", FindingSeverity.Note, entry.Place,
                "a damaged copy of a block that was repaired, removed or evicted", new Remedy(RemedyKind.Compact))
            : new StoreFinding("quarantined", FindingSeverity.Warning, entry.Place,
                $"the bytes of block {cid} are damaged", new Remedy(RemedyKind.RepairBlock, cid.ToString()));
    }
}
