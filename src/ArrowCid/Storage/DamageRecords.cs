using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Damage that is recorded and quarantined while the store is in use, and what a listing cannot show because
/// of it.</summary>
internal sealed class DamageRecords(StoreHandle handle)
{
    // A file is quarantined by a process that is alone with the store: none comes while this handle is open.
    private volatile Dictionary<Digest256, (Cid Cid, string Name, long Offset)>? _inFiles;

    /// <summary>Every such place, as <c>segment+offset</c> of its first byte.</summary>
    public IEnumerable<string> Damage()
    {
        return DamageBySegment().OfType<string>();
    }

    /// <summary>Like <see cref="Damage"/>, with a null after each segment so that callers can do other work in
    /// between.</summary>
    public IEnumerable<string?> DamageBySegment()
    {
        handle.Enter();
        return DamagedPlaces();
    }

    private IEnumerable<string?> DamagedPlaces()
    {
        for (int slot = 0; slot < handle.Control.Superblock.Segments; slot++)
        {
            handle.Enter();
            TableWord word = handle.Control.Table(slot);
            if (!word.IsLive || handle.Segments.TryAcquire(word, slot, out Segment? segment) != SegmentAccess.Ready)
                continue;
            var places = new List<string>();
            try
            {
                var walk = new LogWalk(segment!);
                for (int seen = 0, more = 1; more != 0;)
                {
                    more = walk.MoveNext() ? 1 : 0;
                    bool isFault = walk.Faults > seen &&
                        !handle.DamageLog.Has(segment!.Slot, segment.Generation, walk.FaultOffset);
                    if (isFault) places.Add($"{segment!.Name}+{walk.FaultOffset}");
                    seen = walk.Faults;
                }
            }
            finally
            {
                segment!.Release();
            }

            foreach (string place in places) yield return place;
            yield return null;
        }
    }

    /// <summary>The damage that is recorded in this store.</summary>
    public DamageLog Damaged => handle.DamageLog;

    /// <summary>Records that a range does not hold what was written there, for every process that has the store open or
    /// opens it later; a handle that only reads keeps it in memory. Nothing else changes.</summary>
    public void NoteDamage(DamagedRange range)
    {
        handle.Enter();
        if (!handle.DamageLog.Add(range)) return;
        handle.Control.Reporter.DamageFound(range);
        if (handle.IsReadOnly || handle.DamageLog.FactOf(range) is not { } fact) return;
        try
        {
            // Before and after: killed in between, the fact is looked for, and an early reader looks again.
            handle.DamageLog.Announce();
            _ = handle.OwnLane().Puts.Append(fact);
            handle.DamageLog.Announce();
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
        handle.EnterToWrite();
        foreach (SegmentPlace place in handle.Places(null).Where(place => place.Kind != SegmentKind.Facts))
        {
            if (handle.Segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready)
                continue;
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
        DamagedRange? found = handle.DamageLog.All().Find(range =>
            range.Block is { } block && block.TryGetSha256(out Digest256 one) && one == wanted);
        // A block that was removed is not missed, though its damaged bytes are still there.
        return found is null || handle.Liveness?.IsDead(in digest) == true ? null : found.Place;
    }

    /// <summary>The blocks whose record is quarantined, and that are neither found nor removed.</summary>
    public List<Cid> LostBlocks()
    {
        handle.Enter();
        IEnumerable<Cid> all = handle.DamageLog.All().Select(range => range.Block).OfType<Cid>()
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
                handle.Index.RemoveWithin(segment.Slot, segment.Generation, entry.Offset, entry.Offset + entry.Bytes);
            }
            else if (entry.State == LogEntryState.Committed && entry.Header.IsBlock &&
                !LogScan.IsPayloadRight(segment, in entry))
            {
                RecordHeader header = entry.Header;
                NoteDamage(new DamagedRange(Cid.FromSha256(header.Codec, header.Digest), segment.Slot,
                    segment.Generation, entry.Offset, entry.Bytes));
                CrashPoint.Pass(CrashStep.H3);
                handle.Index.Remove(in header.Digest, segment, entry.Offset);
            }
        }
    }

    /// <summary>Whether a ring has evicted newer segments and kept this one, because of its readers: its blocks, and
    /// their repaired copies too, are no longer to be expected.</summary>
    private bool HasOutlived(Segment segment)
    {
        if (!handle.Control.Superblock.IsRing) return false;
        ulong begun = handle.Control.Map.Read(StoreLayout.SegmentOrder) - segment.Header.Order;
        return begun > (ulong)handle.Places(null).Count(place => place.Order > segment.Header.Order);
    }

    /// <summary>The finding for a quarantined range; null where it is none, or lookups still lead there.</summary>
    public StoreFinding? Quarantined(Segment segment, in LogEntry entry)
    {
        if (!handle.DamageLog.Has(segment.Slot, segment.Generation, entry.Offset)) return null;
        RecordHeader header = entry.Header;
        if (entry.State == LogEntryState.Damaged)
            return new StoreFinding("quarantined", FindingSeverity.Note, entry.Place,
                $"no record can be read in {entry.Bytes} bytes, and nothing leads there",
                new Remedy(RemedyKind.Compact));
        if (!header.IsBlock || handle.Index.HasEntry(in header.Digest, segment, entry.Offset)) return null;
        Cid cid = Cid.FromSha256(header.Codec, header.Digest);
        return IsBack(in header.Digest) || HasOutlived(segment)
            ? new StoreFinding("quarantined", FindingSeverity.Note, entry.Place,
                "a damaged copy of a block that was repaired, removed or evicted", new Remedy(RemedyKind.Compact))
            : new StoreFinding("quarantined", FindingSeverity.Warning, entry.Place,
                $"the bytes of block {cid} are damaged", new Remedy(RemedyKind.RepairBlock, cid.ToString()));
    }

    /// <summary>Where the record of a block that is no longer found is stored in a quarantined file.</summary>
    private string? FindInFiles(in Digest256 digest)
    {
        handle.Enter();
        bool isThere = BlocksInFiles().TryGetValue(digest, out (Cid Cid, string Name, long Offset) place) &&
            handle.Control.DirectoryFile.StatFile(place.Name, out _) == 0;
        return isThere ? $"{place.Name}+{place.Offset}" : null;
    }

    private Dictionary<Digest256, (Cid Cid, string Name, long Offset)> BlocksInFiles() => _inFiles ??= ReadFiles();

    private Dictionary<Digest256, (Cid Cid, string Name, long Offset)> ReadFiles()
    {
        var lost = new Dictionary<Digest256, (Cid, string, long)>();
        foreach ((string name, int slot, uint generation) in QuarantinedSegments())
        {
            using SegmentSalvage? salvage = SegmentSalvage.TryRead(handle.Control, name, slot, generation);
            foreach (SalvagedRecord record in salvage?.Lost ?? [])
            {
                RecordHeader header = record.Header;
                if (header.IsBlock)
                    _ = lost.TryAdd(header.Digest, (Cid.FromSha256(header.Codec, header.Digest), name, record.Offset));
            }
        }

        return lost;
    }

    public IEnumerable<StoreFinding> ExamineQuarantined()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(handle.Directory, SegmentRepair.Prefix + "*")
            .Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(path);
            if (!TryParseQuarantined(name, out int slot, out uint generation))
            {
                yield return new StoreFinding("quarantined", FindingSeverity.Note, name,
                    "it was damaged, and another one was made in its place", new Remedy(RemedyKind.DeleteFile));
                continue;
            }

            List<StoreFinding> lost = Lost(name, slot, generation);
            foreach (StoreFinding finding in lost) yield return finding;
            if (lost.Count == 0)
                yield return new StoreFinding("quarantined", FindingSeverity.Note, name,
                    "it was damaged; every block that can be told of it is here", new Remedy(RemedyKind.DeleteFile));
        }
    }

    private List<StoreFinding> Lost(string name, int slot, uint generation)
    {
        var lost = new List<StoreFinding>();
        using SegmentSalvage? salvage = SegmentSalvage.TryRead(handle.Control, name, slot, generation);
        foreach (SalvagedRecord record in salvage?.Lost ?? [])
        {
            // Nothing tells whether facts were written again.
            bool isFact = record.Header.RecordKind == RecordKind.Fact;
            Cid cid = isFact ? default : Cid.FromSha256(record.Header.Codec, record.Header.Digest);
            string what = isFact
                ? $"facts of {DateTimeOffset.UnixEpoch.AddTicks((long)(record.Header.TimeNanoseconds / 100)):u}"
                : $"block {cid}";
            Digest256 digest = record.Header.Digest;
            if (isFact || (record.Header.IsBlock && !IsBack(in digest)))
                lost.Add(new StoreFinding("quarantined", isFact ? FindingSeverity.Note : FindingSeverity.Warning,
                    $"{name}+{record.Offset}", $"the bytes of {what} are damaged",
                    isFact ? new Remedy(RemedyKind.WriteMetadataAgain)
                        : new Remedy(RemedyKind.RepairBlock, cid.ToString())));
        }

        return lost;
    }

    /// <summary>Whether a block was put again, or is no longer wanted.</summary>
    private bool IsBack(in Digest256 digest)
    {
        if (handle.Liveness?.IsDead(in digest) == true) return true;
        try
        {
            return handle.Contains(in digest);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private IEnumerable<(string Name, int Slot, uint Generation)> QuarantinedSegments()
    {
        foreach (string path in System.IO.Directory.EnumerateFiles(handle.Directory, SegmentRepair.Prefix + "seg-*"))
        {
            string name = Path.GetFileName(path);
            if (TryParseQuarantined(name, out int slot, out uint generation)) yield return (name, slot, generation);
        }
    }

    private static bool TryParseQuarantined(string name, out int slot, out uint generation) =>
        StoreLayout.TryParseSegmentName(name[SegmentRepair.Prefix.Length..].Split('.')[0], StoreLayout.MaxSegments,
            out slot,
            out generation);
}
