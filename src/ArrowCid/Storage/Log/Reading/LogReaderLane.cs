namespace ArrowCid.Storage;

/// <summary>
/// One lane's records in the order of their numbers, over however many segments are open side by side. The order in
/// which the segments' committed words are read does not matter: a number is passed only with its record, and one is
/// called missing only when every word was read again after a later number was seen.
/// </summary>
internal sealed class LogReaderLane(ControlFile control, SegmentSet segments, int number)
{
    // Segments of a lane are opened one after another: their orders and first numbers rise together. One that was
    // taken away and given back comes late.
    private readonly SortedList<ulong, SegmentPlace> _pending = [];
    private readonly List<LogReaderSegment> _open = [];
    private HashSet<ulong> _known = [];
    private ulong _lastOpened;
    private LogReaderSegment? _first;
    private bool _sawFault;

    public int Number => number;

    public LanePosition Position { get; private set; }

    /// <summary>The last number of the listing that is going on, or 0.</summary>
    public ulong ListUntil { get; private set; }

    public bool IsListing => Position.Sequence < ListUntil;

    /// <summary>A segment that was waiting to be read is no longer there.</summary>
    public bool LostSegment { get; private set; }

    /// <summary>As <see cref="LostSegment"/>, since the table was read: it may have come back.</summary>
    public bool HasLost { get; private set; }

    /// <summary>Segments wait to be opened.</summary>
    public bool HasPending => _pending.Count > 0;

    /// <summary>The record found.</summary>
    public ref readonly RecordHeader Record => ref _first!.Head;

    /// <summary>The numbers that a <see cref="LaneStep.Hole"/> lacks, and whether damage explains them.</summary>
    public (ulong First, ulong Last, bool IsDamage) Hole { get; private set; }

    /// <summary>Starts again after a position, with no segment known.</summary>
    public void Restart(LanePosition position, ulong listUntil)
    {
        Release();
        (Position, ListUntil, LostSegment, _sawFault) = (position, listUntil, false, false);
    }

    /// <summary>Takes note of the segments that are there, and of those that are new the needed ones to be
    /// read.</summary>
    /// <returns>Whether there are such.</returns>
    public bool Learn(List<SegmentPlace> present, List<SegmentPlace> needed)
    {
        bool isNew = false;
        foreach (SegmentPlace place in needed)
        {
            if (_known.Contains(place.Order)) continue;
            _pending[place.Order] = place;
            isNew = true;
        }

        // What is not there now is new where it comes back.
        _known = [.. present.Select(place => place.Order)];
        HasLost = false;
        return isNew;
    }

    /// <summary>Looks at the next number. A <see cref="LaneStep.Record"/> is passed by <see cref="Take"/>, a
    /// <see cref="LaneStep.Hole"/> by <see cref="PassHole"/>.</summary>
    /// <param name="isCertain">The table was read again since the last <see cref="LaneStep.Ahead"/>.</param>
    public LaneStep Look(bool isCertain)
    {
        while (true)
        {
            _first = FindFirst();
            ulong next = Position.Sequence + 1;
            if (_first is not null && _first.Head.Sequence < next)
            {
                bool isOther = _first.Head.Sequence == Position.Sequence && Position.Crc != 0 &&
                    Position.Crc != _first.Head.Crc;
                _first.Take();
                if (isOther) return LaneStep.Rewritten;
                continue;
            }

            if (_first is not null && _first.Head.Sequence == next)
            {
                // A transaction's facts are read with its blocks.
                bool isHeld = TransactionPlace.IsAwaited(control, segments, in _first.Head);
                return isHeld ? LaneStep.Nothing : LaneStep.Record;
            }

            // A hole ends before the first number that any segment has, not before the first of those that are open: of
            // two that were begun at one number the later may have the earlier records.
            if (MayBePending(_first is null ? next : _first.Head.Sequence - 1))
            {
                if (!TryOpenNext()) return LaneStep.Nothing;
                continue;
            }

            ulong later = _first?.Head.Sequence ?? NextOfEmpty();
            if (later > next) return isCertain ? FoundHole(next, later - 1) : LaneStep.Ahead;
            // What the listing should have ended with cannot be read: it ends here.
            if (_pending.Count == 0) ListUntil = Math.Min(ListUntil, Position.Sequence);
            return LaneStep.Nothing;
        }
    }

    public void Take()
    {
        Position = new LanePosition(_first!.Head.Sequence, _first.Head.Crc);
        _first.Take();
    }

    /// <summary>The bytes after the record found, or null if they do not match its digest.</summary>
    public byte[]? CopyPayload() => _first!.CopyPayload();

    public void PassHole()
    {
        Position = new LanePosition(Hole.Last, 0);
        _sawFault = false;
    }

    public void Release()
    {
        foreach (LogReaderSegment open in _open) open.Release();
        _open.Clear();
        _pending.Clear();
        _known.Clear();
        (_first, _lastOpened, HasLost) = (null, 0, false);
    }

    /// <summary>Whether a segment that is not open yet may have a number that is looked for.</summary>
    private bool MayBePending(ulong next) => _pending.Count > 0 &&
        (_first is null || _pending.GetKeyAtIndex(0) < _lastOpened ||
        !_open.Exists(open => open.Segment.Header.FirstSequence > next));

    private LaneStep FoundHole(ulong first, ulong last)
    {
        bool isDamage = _sawFault || _open.Exists(open => open.IsAfterFault);
        Hole = (first, last, isDamage);
        return LaneStep.Hole;
    }

    /// <summary>The number that a segment without a record waits for: every lower one was committed when it was
    /// made.</summary>
    private ulong NextOfEmpty()
    {
        ulong next = 0;
        foreach (LogReaderSegment open in _open)
        {
            if (open.IsEmpty && open.Segment.Header.Kind != SegmentKind.Jumbo)
                next = Math.Max(next, open.Segment.Header.FirstSequence);
        }

        return next;
    }

    private LogReaderSegment? FindFirst()
    {
        LogReaderSegment? first = null;
        foreach (LogReaderSegment open in _open)
        {
            if (open.TryPeek() && (first is null || open.Head.Sequence < first.Head.Sequence)) first = open;
        }

        return first;
    }

    /// <summary>Opens the next segment; those that are sealed and read to their ends go.</summary>
    /// <returns>False if another process holds it exclusively: it is tried again later.</returns>
    private bool TryOpenNext()
    {
        SegmentPlace place = _pending.GetValueAtIndex(0);
        SegmentAccess access = segments.TryAcquire(place.Word, place.Slot, out Segment? segment);
        if (access == SegmentAccess.Refused) return false;
        _pending.RemoveAt(0);
        _lastOpened = Math.Max(_lastOpened, place.Order);
        _open.RemoveAll(IsDone);
        if (access == SegmentAccess.Ready)
        {
            _open.Add(new LogReaderSegment(segment!));
            return true;
        }

        TableWord now = control.Table(place.Slot);
        if (now.Generation == place.Word.Generation && now.IsLive)
        {
            _sawFault = true;
            return true;
        }

        _ = _known.Remove(place.Order);
        return LostSegment = HasLost = true;
    }

    private bool IsDone(LogReaderSegment open)
    {
        // Sealed first, committed after: the last record comes before the seal.
        TableWord word = control.Table(open.Segment.Slot);
        bool isSealed = word.Generation != open.Segment.Generation || word.State != SegmentState.Open;
        if (!isSealed || open.TryPeek()) return false;
        _sawFault |= open.IsAfterFault;
        open.Release();
        // A ring comes back to it soon, and a mere reader of the log must not block it until a tick.
        if (control.Superblock.IsRing) segments.Forget(open.Segment);
        return true;
    }
}
