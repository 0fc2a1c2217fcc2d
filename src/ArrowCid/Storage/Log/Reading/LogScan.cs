namespace ArrowCid.Storage;

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
        // A record that does not continue the chain belongs to no log, nor does anything after it.
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
                // After damage there is no record to check a link against.
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
