namespace ArrowCid.Storage;

/// <summary>A record, or a stretch of damage, with its place.</summary>
internal readonly record struct LogEntry(
    string Segment, int Lane, SegmentKind SegmentKind, long Offset, long Bytes, LogEntryState State, bool IsLinked,
    RecordHeader Header)
{
    public string Place => $"{Segment}+{Offset}";
}
