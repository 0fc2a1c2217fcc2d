using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A segment of a large block that is filled at leisure: it belongs to the lane and stands in nobody's way, because
/// its turn begins when it is put. Dead before that, it holds no record, and the lane's next owner takes it away.
/// </summary>
internal sealed class StagedBlock(Lane lane, Tail tail, int capacity) : IDisposable, IViewOwner
{
    private Tail? _tail = tail;

    /// <summary>The payload's memory, writable and zero at first. Valid until it is put or disposed of.</summary>
    public Span<byte> Bytes
    {
        get
        {
            Tail? tail = _tail;
            ObjectDisposedException.ThrowIf(tail is null, this);
            return tail.Segment.Map.WritableBytes(Layout.SegmentRecords + Layout.RecordHeaderBytes, capacity);
        }
    }

    /// <summary>The first bytes of the memory, to be read where they were written; valid as long as
    /// <see cref="Bytes"/>.</summary>
    public ReadOnlyMemory<byte> Memory(int length)
    {
        Tail? tail = _tail;
        ObjectDisposedException.ThrowIf(tail is null, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, capacity);
        return new MappedView(tail.Segment.Map, Layout.SegmentRecords + Layout.RecordHeaderBytes, length, this).Memory;
    }

    /// <inheritdoc/>
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_tail is null, this);

    /// <inheritdoc/>
    public void Pin() => throw new NotSupportedException("what is staged is moved when it is put");

    /// <inheritdoc/>
    public void Unpin()
    {
    }

    /// <summary>Hands the segment to the lane's queue, once.</summary>
    public Tail Take()
    {
        Tail? tail = Interlocked.Exchange(ref _tail, null);
        ObjectDisposedException.ThrowIf(tail is null, this);
        return tail;
    }

    /// <summary>Gives the segment back, unless it was put.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _tail, null) is { } tail) lane.Unstage(tail);
    }
}
