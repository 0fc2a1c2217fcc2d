using System.Buffers;

namespace ArrowCid.Parquet;

/// <summary>Pooled bytes that grow and are used again. What is handed out is not cleared.</summary>
internal sealed class GrowingBytes : IDisposable
{
    private byte[] _bytes = [];

    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Returns space after the written bytes; <see cref="Advance"/> sets how much of it was used.</summary>
    public Span<byte> GetSpan(int bytes)
    {
        if (_bytes.Length - Count < bytes) Grow(bytes);
        return _bytes.AsSpan(Count);
    }

    public void Advance(int bytes) => Count += bytes;

    public void Add(byte value)
    {
        if (Count == _bytes.Length) Grow(1);
        _bytes[Count++] = value;
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Count += bytes.Length;
    }

    public void AddVarint(ulong value)
    {
        while (value >= 0x80)
        {
            Add((byte)(value | 0x80));
            value >>= 7;
        }

        Add((byte)value);
    }

    /// <summary>The bytes written so far at a place, to be written over.</summary>
    public Span<byte> At(int start, int count) => _bytes.AsSpan(start, count);

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, Count) = ([], 0);
    }

    private void Grow(int bytes)
    {
        long needed = (long)Count + bytes;
        if (needed > Array.MaxLength)
            throw ParquetFault.TooLarge($"a page would have over 2^31 - 57 bytes; use smaller pages or batches");
        byte[] larger = ArrayPool<byte>.Shared.Rent(
            (int)Math.Min(Math.Max(Math.Max(needed, 2L * _bytes.Length), 1 << 12), Array.MaxLength));
        Written.CopyTo(larger);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
