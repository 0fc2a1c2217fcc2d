using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A block held in place: its bytes stay where they are and what they are until <see cref="Dispose"/>, whatever other
/// processes do. Bytes fetched before stay mapped with their segment, but reading through <see cref="Memory"/>
/// afterwards throws.
/// </summary>
internal sealed class BlockLease : IDisposable, IViewOwner
{
    private readonly RecordHeader _header;
    private readonly Segment? _segment;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly long _start;
    private readonly string _directory;

    private ViewHolds _holds = new();

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
    public void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_holds.IsClosed, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_holds.Close()) _segment?.Release();
    }

    /// <inheritdoc/>
    public void Pin() => ObjectDisposedException.ThrowIf(!_holds.TryAdd(), this);

    /// <inheritdoc/>
    public void Unpin()
    {
        if (_holds.Remove()) _segment?.Release();
    }
}
