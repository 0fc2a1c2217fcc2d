namespace ArrowCid.Storage;

/// <summary>Where a tail begins, and which segments it knows.</summary>
internal sealed partial class LogReader
{
    // Slots that, when the table was read, were being created or were retired by a process that may still restore them.
    private readonly List<(int Slot, TableWord Word)> _unsettled = [];
    private ulong _seenOrder;

    /// <summary>Whether segments came since the table was read, or came back.</summary>
    private bool IsTableNews
    {
        get
        {
            if (_control.Map.Read(StoreLayout.SegmentOrder) != _seenOrder) return true;
            // Once a look: nothing is allocated for it.
            foreach ((int slot, TableWord word) in _unsettled)
            {
                if (_control.Table(slot) != word) return true;
            }

            return Array.Exists(_lanes, lane => lane.HasLost);
        }
    }

    private void Start(Cursor from)
    {
        List<SegmentPlace>[] table = ReadTable();
        if (from.IsOldest)
        {
            BeginListing(table);
            return;
        }

        if (!from.IsNow && (from.Store != _control.Superblock.Id || from.Lanes > _lanes.Length))
        {
            _gaps.Enqueue(new WatchGap { Reason = GapReason.OtherStore, Lane = -1, First = 0, Last = 0 });
            BeginListing(table);
            return;
        }

        LanePosition[] ends = Array.ConvertAll(table, End);
        for (int lane = 0; lane < _lanes.Length && !from.IsNow; lane++)
        {
            (ulong end, ulong at) = (ends[lane].Sequence, from.At(lane).Sequence);
            // What it passed last may be among what was lost with the power.
            (ulong left, ulong skipped) = _control.Skipped(lane);
            if (at > left && at <= skipped) end = left;
            if (at > end) _gaps.Enqueue(new WatchGap
            {
                Reason = GapReason.PastEnd,
                Lane = lane,
                First = end + 1,
                Last = at,
            });
        }

        if (_gaps.Count > 0)
        {
            BeginListing(table);
            return;
        }

        foreach (LogReaderLane lane in _lanes)
        {
            LanePosition at = from.IsNow ? ends[lane.Number] : from.At(lane.Number);
            Begin(lane, table[lane.Number], at, from.IsListing ? ends[lane.Number].Sequence : 0);
        }

        _isListing = Array.Exists(_lanes, lane => lane.IsListing);
    }

    /// <summary>After a gap: everything that is there, then what comes.</summary>
    private LogEvent Restart(WatchGap gap)
    {
        BeginListing(ReadTable());
        return new LogEvent(default, null, gap, gap.Lane, new Cursor(Snapshot()));
    }

    private void BeginListing(List<SegmentPlace>[] table)
    {
        _listedOrder = _seenOrder;
        foreach (LogReaderLane lane in _lanes)
        {
            List<SegmentPlace> places = table[lane.Number];
            Begin(lane, places, default, End(places).Sequence);
        }

        (_current, _run, _base) = (0, 0, null);
        _isListing = Array.Exists(_lanes, lane => lane.IsListing);
    }

    private void Begin(LogReaderLane lane, List<SegmentPlace> places, LanePosition position, ulong listUntil)
    {
        lane.Restart(position, listUntil);
        _ = lane.Learn(places, Needed(places, position.Sequence));
    }

    /// <summary>Gives the lanes the segments that are new to them.</summary>
    private bool Scan()
    {
        bool isNew = false;
        List<SegmentPlace>[] table = ReadTable();
        foreach (LogReaderLane lane in _lanes) isNew |= lane.Learn(table[lane.Number], table[lane.Number]);
        return isNew;
    }

    /// <summary>The live segments of each lane, in the order in which they were made.</summary>
    private List<SegmentPlace>[] ReadTable()
    {
        // The word is counted up while a segment's slot says "creating", so that one that it counts is seen here at
        // least as that.
        _seenOrder = _control.Map.Read(StoreLayout.SegmentOrder);
        _unsettled.Clear();
        List<SegmentPlace>[] table = Array.ConvertAll(_lanes, _ => new List<SegmentPlace>());
        for (int slot = 0; slot < _control.Superblock.Segments; slot++)
        {
            TableWord word = _control.Table(slot);
            if (word.State is SegmentState.Creating or SegmentState.Retired) _unsettled.Add((slot, word));
            if (!word.IsLive || word.Lane >= table.Length) continue;
            (ulong order, SegmentKind kind) = _control.Details(slot);
            if (_control.Table(slot).Generation == word.Generation)
                table[word.Lane].Add(new SegmentPlace(slot, word, order, kind));
            else _unsettled.Add((slot, word));
        }

        foreach (List<SegmentPlace> places in table) places.Sort((one, other) => one.Order.CompareTo(other.Order));
        return table;
    }

    /// <summary>The segments, of a lane's, that may hold numbers from a position on, with the record at it. A data
    /// segment is begun when nothing is on its way, so that a large block's own segment made before it is older than
    /// its first number.</summary>
    private List<SegmentPlace> Needed(List<SegmentPlace> places, ulong last)
    {
        if (last == 0) return places;
        var needed = new List<SegmentPlace>();
        bool hasData = false, hasFacts = false;
        for (int i = places.Count - 1; i >= 0; i--)
        {
            SegmentPlace place = places[i];
            bool isFacts = place.Kind == SegmentKind.Facts;
            if (isFacts ? hasFacts : hasData) continue;
            needed.Add(place);
            if (place.Kind == SegmentKind.Jumbo || !StartsBy(place, last)) continue;
            if (isFacts) hasFacts = true;
            else hasData = true;
        }

        needed.Reverse();
        return needed;
    }

    private bool StartsBy(SegmentPlace place, ulong sequence)
    {
        if (_segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready) return false;
        ulong first = segment!.Header.FirstSequence;
        segment.Release();
        return first <= sequence;
    }

    /// <summary>The last committed record of a lane: every one before it is committed too.</summary>
    private LanePosition End(List<SegmentPlace> places)
    {
        var end = default(LanePosition);
        bool hasData = false, hasFacts = false, hasJumbo = false;
        for (int i = places.Count - 1; i >= 0; i--)
        {
            SegmentPlace place = places[i];
            bool isKnown = place.Kind switch
            {
                SegmentKind.Facts => hasFacts,
                SegmentKind.Jumbo => hasData || hasJumbo,
                _ => hasData,
            };
            if (isKnown || _segments.TryAcquire(place.Word, place.Slot, out Segment? segment) != SegmentAccess.Ready)
                continue;
            LanePosition last = LastOrBefore(segment!);
            if (place.Kind == SegmentKind.Facts) last = BeforeAwaited(segment!, last);
            segment!.Release();
            if (last.Sequence > end.Sequence) end = last;
            if (place.Kind == SegmentKind.Facts) hasFacts = true;
            else if (place.Kind != SegmentKind.Jumbo) hasData = true;
            else hasJumbo |= last.Sequence != 0;
        }

        return end;
    }

    /// <summary>The end of a segment of facts, without the facts of a transaction whose blocks are not committed
    /// yet.</summary>
    private LanePosition BeforeAwaited(Segment segment, LanePosition last)
    {
        long hint = (long)Math.Min(segment.Map.Read(StoreLayout.SegmentLastRecord), long.MaxValue);
        if (!RecordHeader.TryRead(segment, hint, out RecordHeader fact) || fact.Sequence != last.Sequence) return last;
        return TransactionPlace.IsAwaited(_control, _segments, in fact) ? new LanePosition(fact.Rows - 1, 0) : last;
    }

    /// <summary>As <see cref="Last"/>; of a segment that is still empty the number before the first one that it waits
    /// for.</summary>
    public static LanePosition LastOrBefore(Segment segment)
    {
        LanePosition last = Last(segment);
        bool waits = last.Sequence == 0 && segment.Header is { Kind: not SegmentKind.Jumbo, FirstSequence: > 0 };
        return waits ? new LanePosition(segment.Header.FirstSequence - 1, 0) : last;
    }

    /// <summary>The last committed record of a segment; number 0 where there is none.</summary>
    public static LanePosition Last(Segment segment)
    {
        // The hint is a step ahead of the committed word while a record is being committed.
        for (int round = 0; round < 4; round++)
        {
            long committed = segment.Committed;
            long hint = (long)Math.Min(segment.Map.Read(StoreLayout.SegmentLastRecord), long.MaxValue);
            if (RecordHeader.TryRead(segment, hint, out RecordHeader last) && hint + last.Extent == committed)
                return new LanePosition(last.Sequence, last.Crc);
        }

        var position = default(LanePosition);
        var walk = new LogWalk(segment);
        while (walk.MoveNext()) position = new LanePosition(walk.Record.Sequence, walk.Record.Crc);
        return position;
    }
}
