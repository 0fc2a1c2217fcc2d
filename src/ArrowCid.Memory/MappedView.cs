using System.Buffers;

namespace ArrowCid.Memory;

/// <summary>Says whether the memory under a <see cref="MappedView"/> may still be used, and holds it while it is pinned.</summary>
internal interface IViewOwner
{
    /// <summary>Throws <see cref="ObjectDisposedException"/> once the owner has been disposed.</summary>
    void ThrowIfDisposed();

    /// <summary>Keeps the mapping, beyond the owner's disposal if need be, until <see cref="Unpin"/>.</summary>
    void Pin();

    void Unpin();
}

/// <summary>
/// A range of a mapping as <see cref="Memory{T}"/>. Its span throws once the owner is disposed: a column kept too long gives
/// an exception, not bytes of something else.
/// </summary>
internal sealed unsafe class MappedView : MemoryManager<byte>
{
    private readonly Mapping _mapping;
    private readonly IViewOwner _owner;
    private readonly byte* _start;
    private readonly int _length;

    public MappedView(Mapping mapping, long offset, int length, IViewOwner owner)
    {
        (_mapping, _owner, _length) = (mapping, owner, length);
        _start = mapping.Pointer(offset, length);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        _owner.ThrowIfDisposed();
        // SAFETY: the range was checked against the mapping at construction, and the owner, not yet disposed, keeps that
        // mapped. Readers map pages read-only; the seam above hands out ReadOnlyMemory alone.
        return new Span<byte>(_start, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        _owner.Pin();
        // SAFETY: the index lies in the range, and the pin keeps the mapping until Unpin.
        return new MemoryHandle(_start + elementIndex, pinnable: this);
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        _owner.Unpin();
        GC.KeepAlive(_mapping);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // The owner's disposal ends the view; there is nothing of its own to free.
    }
}
