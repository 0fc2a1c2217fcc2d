using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A block held in place: its bytes stay where they are and what they are until <see cref="Dispose"/>, whatever other
/// processes do. Bytes fetched before stay mapped with their segment, but reading through <see cref="Memory"/>
/// afterwards throws.
/// </summary>
internal sealed class BlockLease : IDisposable, IViewOwner
{
    private const int ClosedBit = 1 << 30;

    private readonly RecordHeader _header;
    private readonly Segment? _segment;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly long _start;
    private readonly string _directory;

    // One for the lease until it is disposed, one for each pin; the top bit once it is disposed.
    private int _holds = 1;

    public BlockLease(in RecordHeader header, Segment? segment, byte[]? copy, long start, string directory)
    {
        _header = header;
        (_segment, _start, _directory) = (segment, start, directory);
        _memory = segment is null ? copy : new MappedView(segment.Map, start, (int)header.PayloadLength, this).Memory;
    }

    public BlockInfo Info => _header.ToInfo();

    public RecordKind Kind => _header.RecordKind;

    public RecordFlags Flags => (RecordFlags)_header.Flags;

    public ref readonly Digest256 Digest => ref _header.Digest;

    public ref readonly Digest256 SchemaDigest => ref _header.SchemaDigest;

    /// <summary>The block's bytes. A span of them is valid until the lease is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The lease was disposed; spans taken of this memory later throw it
    /// too.</exception>
    public ReadOnlyMemory<byte> Memory
    {
        get
        {
            ThrowIfDisposed();
            return _memory;
        }
    }

    /// <summary>File and offset, for people.</summary>
    public string Location => _segment is null
        ? $"private copy of {_directory}"
        : $"{Path.Combine(_directory, _segment.Name)}+{_start}";

    /// <inheritdoc/>
    public void ThrowIfDisposed() =>
        ObjectDisposedException.ThrowIf((Volatile.Read(ref _holds) & ClosedBit) != 0, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        // Most leases are pinned by nobody: one step instead of two.
        if (Interlocked.CompareExchange(ref _holds, ClosedBit, 1) == 1) _segment?.Release();
        else if ((Interlocked.Or(ref _holds, ClosedBit) & ClosedBit) == 0) Unpin();
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
