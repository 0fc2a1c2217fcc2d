using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The log as stored in the files, for inspection.</summary>
internal sealed partial class BlockStore
{
    /// <summary>Everything that stands in the segments, lane by lane and in each in the order in which its segments
    /// were made; damaged places and records after the committed ends too.</summary>
    /// <param name="lane">One lane alone, or null.</param>
    public IEnumerable<LogEntry> Log(int? lane = null)
    {
        Enter();
        return LogOf(lane);
    }

    /// <summary>
    /// Walks all segments: every record's checksum and digest, the links between records, each lane's numbering, and
    /// that the index leads to every block. Beside writers at work it may call missing what is just being committed.
    /// </summary>
    /// <param name="lane">One lane alone, or null.</param>
    public IEnumerable<StoreFinding> CheckLog(int? lane = null)
    {
        Enter();
        return CheckLanes(lane);
    }

    /// <summary>The names of the segments that are there now: one that goes was collected.</summary>
    public HashSet<string> LiveSegments()
    {
        Enter();
        return [.. Places(null).Select(place => StoreLayout.SegmentName(place.Slot, place.Word.Generation))];
    }

    private IEnumerable<LogEntry> LogOf(int? lane)
    {
        foreach (SegmentPlace place in Places(lane))
        {
            Enter();
            if (_segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) continue;
            try
            {
                var scan = new LogScan(segment!);
                while (scan.MoveNext()) yield return scan.Entry;
            }
            finally
            {
                segment!.Release();
            }
        }
    }

    private List<SegmentPlace> Places(int? lane)
    {
        var places = new List<SegmentPlace>();
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            if (!word.IsLive || (lane is { } one && word.Lane != one)) continue;
            (ulong order, SegmentKind kind) = _control.Details(slot);
            places.Add(new SegmentPlace(slot, word, order, kind));
        }

        return [.. places.OrderBy(place => place.Word.Lane).ThenBy(place => place.Order)];
    }

    private IEnumerable<StoreFinding> CheckLanes(int? lane)
    {
        _liveness?.Refresh();
        foreach (IGrouping<int, SegmentPlace> places in Places(lane).GroupBy(place => place.Word.Lane))
        {
            var numbers = new LaneNumbers(places.Key);
            foreach (SegmentPlace place in places)
            {
                Enter();
                foreach (StoreFinding finding in CheckSegment(place, numbers)) yield return finding;
            }

            ulong collected = places.Key < StoreLayout.MaxLanes
                ? _control.Lane(places.Key, StoreLayout.LaneCollected) : 0;
            foreach (StoreFinding finding in numbers.Findings(HasLostSegments, collected)) yield return finding;
        }
    }

    /// <summary>Whether segments that were once made are no longer there, so that holes in the numbers mean
    /// nothing.</summary>
    private bool HasLostSegments
    {
        get
        {
            int live = Places(null).Count;
            return _control.Map.Read(StoreLayout.SegmentOrder) > (ulong)live;
        }
    }

    private IEnumerable<StoreFinding> CheckSegment(SegmentPlace place, LaneNumbers numbers)
    {
        string name = StoreLayout.SegmentName(place.Slot, place.Word.Generation);
        SegmentAccess access = _segments.TryAcquire(place.Word, place.Slot, out Segment? segment);
        if (access != SegmentAccess.Ready)
        {
            if (access == SegmentAccess.Stale && _control.Table(place.Slot) != place.Word) yield break;
            numbers.HasDamage |= access != SegmentAccess.Refused;
            yield return NotReadable(name, access);
            yield break;
        }

        try
        {
            ulong committed = segment!.Map.Read(StoreLayout.SegmentCommitted);
            if (committed != (ulong)segment.Committed)
            {
                numbers.HasDamage = true;
                yield return new StoreFinding("committed-word", FindingSeverity.Error,
                    $"{name}+{StoreLayout.SegmentCommitted}",
                    $"the committed end {committed} lies outside the segment or between records",
                    s_restoreFile);
            }

            var scan = new LogScan(segment);
            while (scan.MoveNext())
            {
                LogEntry entry = scan.Entry;
                if (entry.State is LogEntryState.Beyond or LogEntryState.Left)
                {
                    // No writer appends there; the process that seals a segment takes over what follows its committed
                    // end.
                    bool isCut = entry.State == LogEntryState.Beyond && place.Word.State == SegmentState.Sealed &&
                        _control.Table(place.Slot) == place.Word && LogScan.IsPayloadRight(segment, in entry);
                    if (isCut)
                        yield return new StoreFinding("committed-word", FindingSeverity.Error,
                            $"{name}+{StoreLayout.SegmentCommitted}",
                            $"record {entry.Header.Sequence} stands behind the committed end {committed}",
                            s_restoreFile);
                    break;
                }

                numbers.Add(in entry);
                if (CheckEntry(segment, in entry) is { } finding) yield return finding;
            }
        }
        finally
        {
            segment!.Release();
        }
    }

    private static StoreFinding NotReadable(string name, SegmentAccess access) => access switch
    {
        SegmentAccess.Refused => new("segment-busy", FindingSeverity.Note, name,
            "another process holds the segment for itself", new Remedy(RemedyKind.Retry)),
        SegmentAccess.Corrupt => new("damaged-segment", FindingSeverity.Error, name,
            "the file's size or header is not what the table says", s_restoreFile),
        _ => new("missing-segment", FindingSeverity.Error, name,
            "the table names a segment whose file is not there",
            new Remedy(RemedyKind.RestoreSegment)),
    };

    private StoreFinding? CheckEntry(Segment segment, in LogEntry entry)
    {
        var remedy = new Remedy(RemedyKind.RepairRecords);
        if (entry.State == LogEntryState.Damaged)
            return Quarantined(segment, in entry) ?? new StoreFinding("damaged-record", FindingSeverity.Error,
                entry.Place, $"no record can be read in {entry.Bytes} bytes", remedy);
        RecordKind kind = entry.Header.RecordKind;
        if (!entry.IsLinked)
            return new StoreFinding("broken-link", FindingSeverity.Error, entry.Place,
                $"record {entry.Header.Sequence} does not carry the checksum of the one before it", remedy);
        bool isPlaced = kind == RecordKind.Pad || (kind == RecordKind.Fact) == (entry.SegmentKind == SegmentKind.Facts);
        if (!isPlaced)
            return new StoreFinding("wrong-segment", FindingSeverity.Error, entry.Place,
                $"a record of kind {kind} stands in a segment of {entry.SegmentKind}", remedy);
        if (!LogScan.IsPayloadRight(segment, in entry))
            return Quarantined(segment, in entry) ?? new StoreFinding("damaged-payload", FindingSeverity.Error,
                entry.Place,
                $"the bytes of record {entry.Header.Sequence} do not hash to sha256:{entry.Header.Digest}", remedy);
        return entry.Header.IsBlock ? CheckIndexed(in entry) : null;
    }

    /// <summary>Any place may serve a block of which there are several.</summary>
    private StoreFinding? CheckIndexed(in LogEntry entry)
    {
        Digest256 digest = entry.Header.Digest;
        string what;
        try
        {
            if (_index.TryFind(in digest, out FoundBlock found))
            {
                if (found.Copy is null) found.Segment.Release();
                return null;
            }

            what = "is not in the index";
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            what = "is found by the index at a damaged record only";
        }

        // Who collects takes the entries of the dead away first.
        if (_liveness is { } liveness && liveness.IsDead(in digest)) return null;
        return new StoreFinding("not-in-index", FindingSeverity.Error, entry.Place,
            $"block sha256:{digest} {what}", new Remedy(RemedyKind.RepairStore));
    }

    /// <summary>The numbers of one lane over all of its segments.</summary>
    private sealed class LaneNumbers(int lane)
    {
        private readonly List<(ulong Number, string Place)> _numbers = [];

        /// <summary>Something in the lane cannot be read, which explains what is missing.</summary>
        public bool HasDamage { get; set; }

        public void Add(in LogEntry entry)
        {
            if (entry.State == LogEntryState.Damaged) HasDamage = true;
            else _numbers.Add((entry.Header.Sequence, entry.Place));
        }

        /// <param name="hasLostSegments">Whether segments went, with any numbers.</param>
        /// <param name="collected">Numbers up to this one may have gone.</param>
        public IEnumerable<StoreFinding> Findings(bool hasLostSegments, ulong collected)
        {
            // Stable and nearly in order already.
            List<(ulong Number, string Place)> sorted = [.. _numbers.OrderBy(number => number.Number)];
            for (int i = 1; i < sorted.Count; i++)
            {
                ((ulong before, string first), (ulong number, string place)) = (sorted[i - 1], sorted[i]);
                if (number == before)
                {
                    yield return new StoreFinding("number-twice", FindingSeverity.Error, place,
                        $"record {number} of lane {lane} stands at {first} too",
                        new Remedy(RemedyKind.PutAgain));
                }
                else if (number != before + 1 && number - before <= StoreLayout.SkippedNumbers && !HasDamage)
                {
                    bool isExplained = hasLostSegments || number - 1 <= collected;
                    yield return new StoreFinding("missing-numbers",
                        isExplained ? FindingSeverity.Note : FindingSeverity.Error, place,
                        $"lane {lane} has no records {before + 1} to {number - 1}" +
                            (isExplained ? "; segments were collected or quarantined" : ""),
                        new Remedy(isExplained ? RemedyKind.None : RemedyKind.PutAgain));
                }
            }
        }
    }
}
