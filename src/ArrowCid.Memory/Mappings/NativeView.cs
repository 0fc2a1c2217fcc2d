using System.Buffers;

namespace ArrowCid.Memory;

/// <summary>
/// A range of native memory as <see cref="Memory{T}"/>. Its span throws once the owner is disposed: a column kept too
/// long gives an exception, not bytes of something else.
/// </summary>
internal unsafe class NativeView(nint start, int length, IViewOwner owner) : MemoryManager<byte>
{
    private readonly byte* _start = (byte*)start;

    /// <inheritdoc/>
    public sealed override Span<byte> GetSpan()
    {
        owner.ThrowIfDisposed();
        // SAFETY: the creator of the view guarantees that the range lives as long as the owner, which is not yet
        // disposed. Readers map pages read-only; the seam above only hands out ReadOnlyMemory.
        return new Span<byte>(_start, length);
    }

    /// <inheritdoc/>
    public sealed override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length);
        owner.Pin();
        // SAFETY: the index lies in the range, and the pin keeps the memory until Unpin.
        return new MemoryHandle(_start + elementIndex, pinnable: this);
    }

    /// <inheritdoc/>
    public override void Unpin() => owner.Unpin();

    /// <inheritdoc/>
    protected sealed override void Dispose(bool disposing)
    {
        // The owner's disposal ends the view; there is nothing of its own to free.
    }
}
