using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// A block held in place: its bytes stay where they are and what they are until <see cref="Dispose"/>, whatever other
/// processes do. Bytes fetched before stay mapped with their segment, but reading through <see cref="Memory"/>
/// afterwards throws.
/// </summary>
internal sealed class RecordLease : IDisposable, IViewOwner
{
    private readonly RecordHeader _header;
    private readonly Segment? _segment;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly long _start;
    private readonly string _directory;

    private ViewHolds _holds = new();

    public RecordLease(in RecordHeader header, Segment? segment, byte[]? copy, long start, string directory)
    {
        _header = header;
        (_segment, _start, _directory) = (segment, start, directory);
        _memory = segment is null
            ? new CopiedView(copy!, this).Memory
            : new MappedView(segment.Map, start, (int)header.PayloadLength, this).Memory;
    }

    public BlockInfo Info => _header.ToInfo();

    /// <summary>Where its record is stored; null for a private copy and for a range of another block.</summary>
    public DamagedRange? Range => _segment is null || Kind == RecordKind.View
        ? null
        : new DamagedRange(Cid.FromSha256(_header.Codec, _header.Digest), _segment.Slot, _segment.Generation,
            _start - StoreLayout.RecordHeaderBytes, _header.Extent);

    /// <summary>Whether the bytes are a private copy, of which marks say nothing.</summary>
    public bool IsCopy => _segment is null;

    /// <summary>How much of it was proved where it is stored.</summary>
    public Proof ProofIn(VerifiedMarks marks) =>
        _segment is null ? Proof.None : marks.Of(in _header.Digest, _segment, _start);

    /// <summary>Marks it as proved, or, with <see cref="Proof.None"/>, as not proved.</summary>
    public void Mark(VerifiedMarks marks, Proof proof)
    {
        if (_segment is null) return;
        if (proof == Proof.None) marks.Clear(in _header.Digest, _segment, _start);
        else marks.Set(in _header.Digest, _segment, _start, proof);
    }

    /// <summary>Whether its record is recorded as damaged, and is so.</summary>
    public bool IsKnownDamaged(DamageLog damage) => _segment is not null && Kind != RecordKind.View &&
        damage.IsDamaged(_segment, _start - StoreLayout.RecordHeaderBytes, in _header);

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
