using System.Buffers;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>A private copy as <see cref="Memory{T}"/> that its owner's disposal ends, as it ends a mapped
/// range.</summary>
internal sealed class CopiedView(byte[] bytes, IViewOwner owner) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Memory<byte> Memory => CreateMemory(bytes.Length);

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        owner.ThrowIfDisposed();
        return bytes;
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        owner.ThrowIfDisposed();
        // The handle keeps the array by itself, past the owner's disposal.
        return bytes.AsMemory(elementIndex).Pin();
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // The handle of the array frees itself.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // The owner's disposal ends the view.
    }
}
