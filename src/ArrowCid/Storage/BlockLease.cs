using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A block held in place: its bytes stay where they are and what they are until <see cref="Dispose"/>, whatever other
/// processes do. Bytes fetched before stay mapped with their segment, but reading through <see cref="Memory"/> afterwards
/// throws.
/// </summary>
internal sealed class BlockLease : IDisposable, IViewOwner
{
    private const int ClosedBit = 1 << 30;

    private readonly RecordHeader _header;
    private readonly Segment? _segment;
    private readonly byte[]? _copy;
    private readonly long _start;
    private readonly string _directory;
    private MappedView? _view;

    // One for the lease until it is disposed, one for each pin; the top bit once it is disposed.
    private int _holds = 1;

    public BlockLease(in RecordHeader header, Segment? segment, byte[]? copy, long start, string directory) =>
        (_header, _segment, _copy, _start, _directory) = (header, segment, copy, start, directory);

    public BlockInfo Info => _header.ToInfo();

    /// <summary>The block's bytes. A span of them is valid until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed; spans taken of this memory later throw it too.</exception>
    public ReadOnlyMemory<byte> Memory
    {
        get
        {
            ThrowIfDisposed();
            if (_segment is null) return _copy;
            MappedView? view = Volatile.Read(ref _view);
            if (view is null)
            {
                var made = new MappedView(_segment.Map, _start, Length, this);
                view = Interlocked.CompareExchange(ref _view, made, null) ?? made;
            }

            return view.Memory;
        }
    }

    /// <summary>File and offset, for people.</summary>
    public string Location => _segment is null
        ? $"private copy of {_directory}"
        : $"{Path.Combine(_directory, _segment.Name)}+{_start}";

    private int Length => (int)_header.PayloadLength;

    /// <inheritdoc/>
    public void ThrowIfDisposed() =>
        ObjectDisposedException.ThrowIf((Volatile.Read(ref _holds) & ClosedBit) != 0, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if ((Interlocked.Or(ref _holds, ClosedBit) & ClosedBit) == 0) Unpin();
    }

    /// <inheritdoc/>
    public void Pin()
    {
        int holds = Volatile.Read(ref _holds);
        while (true)
        {
            ObjectDisposedException.ThrowIf((holds & ClosedBit) != 0, this);
            int seen = Interlocked.CompareExchange(ref _holds, holds + 1, holds);
            if (seen == holds) return;
            holds = seen;
        }
    }

    /// <inheritdoc/>
    public void Unpin()
    {
        if (Interlocked.Decrement(ref _holds) == ClosedBit) _segment?.Release();
    }
}
