namespace ArrowCid.Columnar;

/// <summary>Bytes that grow. What <see cref="Extend"/> hands out is zero.</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes = [];

    public int Count { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Count);

    /// <summary>Reserves space for more bytes and returns it, filled with zeros.</summary>
    public Span<byte> Extend(long count)
    {
        long needed = Count + count;
        if (needed > Array.MaxLength)
        {
            throw new ArrowCidException(ErrorCode.TooLarge,
                "A buffer would have more than 2^31 - 57 bytes: build a batch of what there is and begin another");
        }

        if (needed > _bytes.Length)
            Array.Resize(ref _bytes,
                (int)Math.Min(Math.Max(Math.Max(needed, 2L * _bytes.Length), 64), Array.MaxLength));
        Span<byte> span = _bytes.AsSpan(Count, (int)count);
        Count = (int)needed;
        return span;
    }

    /// <summary>Removes everything after the first <paramref name="count"/> bytes.</summary>
    public void Cut(int count)
    {
        _bytes.AsSpan(count, Count - count).Clear();
        Count = count;
    }

    /// <summary>Hands out the bytes, without a copy, and is empty.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        ReadOnlyMemory<byte> taken = _bytes.AsMemory(0, Count);
        (_bytes, Count) = ([], 0);
        return taken;
    }
}
