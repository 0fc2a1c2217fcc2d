using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>A caller's values seen as bytes, without a copy: it keeps the memory reachable, pins through it, never
/// writes.</summary>
internal sealed class CastMemory<T> : MemoryManager<byte> where T : unmanaged
{
    private readonly Memory<T> _values;

    private CastMemory(ReadOnlyMemory<T> values) => _values = MemoryMarshal.AsMemory(values);

    /// <summary>The bytes of <paramref name="values"/>, at most 2^31 - 1 of them.</summary>
    public static ReadOnlyMemory<byte> Bytes(ReadOnlyMemory<T> values)
    {
        if ((long)values.Length * Unsafe.SizeOf<T>() > int.MaxValue)
            throw new ArgumentException("The values take more than 2^31 - 1 bytes.", nameof(values));
        return values.IsEmpty ? default : new CastMemory<T>(values).Memory;
    }

    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(_values.Span);

    // SAFETY: the handle of the caller's memory pins it and is handed on, so that disposing of ours unpins; the pointer
    // moves by an index that is checked to lie within the bytes (or at their end).
    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _values.Length * Unsafe.SizeOf<T>());
        var inner = new Pinned(_values.Pin());
        return new MemoryHandle(inner.Start + elementIndex, default, inner);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    // SAFETY: holds the pointer only as long as the handle that pins it.
    private sealed unsafe class Pinned(MemoryHandle handle) : IPinnable
    {
        private MemoryHandle _handle = handle;

        public byte* Start => (byte*)_handle.Pointer;

        public MemoryHandle Pin(int elementIndex) => throw new NotSupportedException("Pinned already.");

        public void Unpin() => _handle.Dispose();
    }
}
