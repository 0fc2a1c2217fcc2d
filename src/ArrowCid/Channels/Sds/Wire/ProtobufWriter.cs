using System.Numerics;
using System.Text;

namespace ArrowCid.Channels.Sds;

/// <summary>Writes protobuf fields to memory that grows.</summary>
internal sealed class ProtobufWriter
{
    private const int BytesType = 2;

    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public static int VarintLength(ulong value) => (70 - BitOperations.LeadingZeroCount(value | 1)) / 7;

    /// <summary>The length of a field of bytes.</summary>
    public static int FieldLength(int field, int length) =>
        VarintLength((ulong)field << 3) + VarintLength((ulong)length) + length;

    public static int VarintFieldLength(int field, ulong value) =>
        VarintLength((ulong)field << 3) + VarintLength(value);

    public byte[] ToArray()
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(Length);
        Written.CopyTo(copy);
        return copy;
    }

    public void Clear() => Length = 0;

    /// <summary>Takes away what was written past a length.</summary>
    public void Truncate(int length) => Length = length;

    public void Varint(int field, ulong value)
    {
        Raw((ulong)field << 3);
        Raw(value);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        BeginBytes(field, value.Length);
        value.CopyTo(Take(value.Length));
    }

    public void Text(int field, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        BeginBytes(field, length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    /// <summary>Begins a field whose bytes come with the next calls.</summary>
    public void BeginBytes(int field, int length)
    {
        Raw((ulong)field << 3 | BytesType);
        Raw((ulong)length);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public Span<byte> Take(int length)
    {
        if (_bytes.Length - Length < length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + length));
        Span<byte> part = _bytes.AsSpan(Length, length);
        Length += length;
        return part;
    }

    private void Raw(ulong value)
    {
        Span<byte> part = Take(VarintLength(value));
        for (int i = 0; i < part.Length - 1; i++, value >>= 7) part[i] = (byte)(value | 0x80);
        part[^1] = (byte)value;
    }
}
