using System.Buffers;

namespace ArrowCid.Native;

/// <summary>Bytes that the caller lends for a call. Afterwards a span of them throws.</summary>
internal sealed unsafe class BorrowedBytes : MemoryManager<byte>
{
    private readonly byte* _start;
    private readonly int _length;
    private bool _isOver;

    // SAFETY: the caller guarantees that the memory has this length until the call returns, when this is disposed.
    public BorrowedBytes(byte* start, long length)
    {
        _length = Argument.Array(start, length, "bytes").Length;
        _start = start;
    }

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_isOver, this);
        return new Span<byte>(_start, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)_length);
        return new MemoryHandle(_start + elementIndex);
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing) => _isOver = true;
}
