namespace ArrowCid.Storage;

/// <summary>A record, or a gap, that a reader reached, and the cursor after it.</summary>
internal readonly struct LogEvent(in RecordHeader record, byte[]? payload, WatchGap? gap, int lane, Cursor cursor)
{
    /// <summary>A fact's bytes, copied from the log and proved by their digest; empty otherwise.</summary>
    public ReadOnlyMemory<byte> Payload { get; } = payload;

    public RecordHeader Record { get; } = record;

    public WatchGap? Gap { get; } = gap;

    public int Lane { get; } = lane;

    public Cursor Cursor { get; } = cursor;
}
