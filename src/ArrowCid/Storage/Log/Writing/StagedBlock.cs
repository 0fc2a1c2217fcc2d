using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The memory of a large block that its producer fills over time: a segment that belongs to the lane and is invisible
/// until the block is put. If the producer dies, the lane's next owner deletes it.
/// </summary>
internal sealed class StagedBlock(StagedPut puts, bool isOnDisk, RawSegment raw, int capacity) : IDisposable, IViewOwner
{
    private const long Start = StoreLayout.SegmentRecords + StoreLayout.RecordHeaderBytes;

    private RawSegment? _raw = raw;

    /// <summary>The payload's memory, writable and zero at first. Valid until it is put or disposed of.</summary>
    public Span<byte> Bytes => Raw.Map.WritableBytes(Start, capacity);

    private RawSegment Raw
    {
        get
        {
            RawSegment? raw = _raw;
            ObjectDisposedException.ThrowIf(raw is null, this);
            return raw;
        }
    }

    /// <summary>The first bytes of the memory, to be read where they were written; valid as long as
    /// <see cref="Bytes"/>.</summary>
    public ReadOnlyMemory<byte> Memory(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, capacity);
        return new MappedView(Raw.Map, Start, length, this).Memory;
    }

    /// <inheritdoc/>
    public void ThrowIfDisposed() => _ = Raw;

    /// <inheritdoc/>
    public void Pin() => throw new NotSupportedException("what is staged is moved when it is put");

    /// <inheritdoc/>
    public void Unpin()
    {
    }

    /// <summary>On a disk, writes the bytes to the medium ahead of time, so that opening the segment, which flushes its
    /// header, blocks no other writer.</summary>
    public void FlushAhead()
    {
        if (isOnDisk) StorageErrors.Check(Raw.File.SyncData(), "cannot flush", Raw.Name);
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
        if (Interlocked.Exchange(ref _raw, null) is { } raw) puts.Unstage(raw);
    }
}
