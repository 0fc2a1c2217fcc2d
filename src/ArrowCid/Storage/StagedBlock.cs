namespace ArrowCid.Storage;

/// <summary>
/// The memory of a large block that is filled at leisure: a segment that belongs to the lane and that nobody knows of
/// before it is put. Where its producer died, the lane's next owner takes it away.
/// </summary>
internal sealed class StagedBlock(Lane lane, RawSegment raw, int capacity) : IDisposable
{
    private RawSegment? _raw = raw;

    /// <summary>The payload's memory, writable and zero at first. Valid until it is put or disposed of.</summary>
    public Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_raw is null, this);
            return _raw.Map.WritableBytes(Layout.SegmentRecords + Layout.RecordHeaderBytes, capacity);
        }
    }

    /// <summary>On a disk, brings the bytes to the medium, so that opening the segment, which flushes its header, keeps
    /// nobody waiting.</summary>
    public void FlushAhead()
    {
        if (lane.IsOnDisk && _raw is { } raw) StorageErrors.Check(raw.File.SyncData(), "cannot flush", raw.Name);
    }

    /// <summary>Hands the segment to the lane's queue, once.</summary>
    public RawSegment Take()
    {
        RawSegment? raw = Interlocked.Exchange(ref _raw, null);
        ObjectDisposedException.ThrowIf(raw is null, this);
        return raw;
    }

    /// <summary>Gives the segment back, unless it was put.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _raw, null) is { } raw) lane.Unstage(raw);
    }
}
