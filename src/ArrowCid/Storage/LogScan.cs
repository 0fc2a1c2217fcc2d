namespace ArrowCid.Storage;

/// <summary>What stands at a place of the log.</summary>
internal enum LogEntryState
{
    /// <summary>A record that was announced.</summary>
    Committed,

    /// <summary>A whole record behind the committed end that fits the one before it: the lane's next owner takes it
    /// over.</summary>
    Beyond,

    /// <summary>A whole record behind the committed end that does not fit: an older one's bytes, to be written
    /// over.</summary>
    Left,

    /// <summary>Committed bytes in which no record can be read.</summary>
    Damaged,
}

/// <summary>A record, or a stretch of damage, with its place.</summary>
internal readonly record struct LogEntry(
    string Segment, int Lane, SegmentKind SegmentKind, long Offset, long Bytes, LogEntryState State, bool IsLinked,
    RecordHeader Header)
{
    public string Place => $"{Segment}+{Offset}";
}

/// <summary>Everything that stands in one segment, in the order of its bytes, as it is when the scan begins.</summary>
internal struct LogScan(Segment segment)
{
    private readonly long _end = segment.Committed;
    private long _next = StoreLayout.SegmentRecords;
    private uint _previous = segment.Header.Crc;
    private bool _isOver;

    public LogEntry Entry { get; private set; }

    public bool MoveNext()
    {
        if (_next < _end) return Committed();
        if (_isOver || !RecordHeader.TryRead(segment, _next, out RecordHeader header)) return false;
        _isOver = header.Extent > segment.Bytes - _next;
        if (_isOver) return false;
        bool isLinked = header.PreviousCrc == _previous;
        // What does not follow on is nobody's, and what is behind it even less.
        _isOver = !isLinked;
        Take(isLinked ? LogEntryState.Beyond : LogEntryState.Left, isLinked, in header);
        return true;
    }

    private bool Committed()
    {
        long start = _next;
        while (_next < _end)
        {
            bool isRecord = RecordHeader.TryRead(segment, _next, out RecordHeader header) &&
                header.Extent <= _end - _next;
            if (isRecord && _next == start)
            {
                // Behind damage there is nothing that a link could be held against.
                bool isLinked = header.PreviousCrc == _previous || _previous == 0;
                Take(LogEntryState.Committed, isLinked, in header);
                return true;
            }

            if (isRecord) break;
            _next += StoreLayout.RecordAlignment;
        }

        _next = Math.Min(_next, _end);
        _previous = 0;
        Entry = new LogEntry(segment.Name, segment.Header.Lane, segment.Header.Kind, start, _next - start,
            LogEntryState.Damaged, false, default);
        return true;
    }

    private void Take(LogEntryState state, bool isLinked, in RecordHeader header)
    {
        Entry = new LogEntry(segment.Name, segment.Header.Lane, segment.Header.Kind, _next, header.Extent, state,
            isLinked, header);
        _previous = header.Crc;
        _next += header.Extent;
    }

    /// <summary>Whether the payload of a record of this segment is what its digest says.</summary>
    public static bool IsPayloadRight(Segment segment, in LogEntry entry) =>
        !entry.Header.IsHashed || LogWalk.IsPayloadRight(segment, entry.Offset, entry.Header);
}
