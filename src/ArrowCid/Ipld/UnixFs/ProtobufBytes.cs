using System.Buffers.Binary;
using System.Numerics;

namespace ArrowCid.Ipld;

/// <summary>Writes protobuf fields to memory that was measured before. Field numbers are below 16.</summary>
internal ref struct ProtobufBytes(Span<byte> destination)
{
    private readonly Span<byte> _to = destination;

    /// <summary>The bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>A varint of protobuf, which unlike multiformats' has up to 10 bytes.</summary>
    public static int VarintLength(ulong value) => (70 - BitOperations.LeadingZeroCount(value | 1)) / 7;

    public static long VarintFieldLength(ulong? value) => value is { } present ? 1 + VarintLength(present) : 0;

    public static long BytesFieldLength(long length) => 1 + VarintLength((ulong)length) + length;

    public void VarintField(int field, ulong? value)
    {
        if (value is not { } present) return;
        Tag(field, ProtobufReader.VarintType);
        Varint(present);
    }

    public void BytesField(int field, ReadOnlySpan<byte> value)
    {
        BeginBytes(field, value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Begins a field whose bytes come with the next calls.</summary>
    public void BeginBytes(int field, long length)
    {
        Tag(field, ProtobufReader.BytesType);
        Varint((ulong)length);
    }

    public void Fixed32Field(int field, uint value)
    {
        Tag(field, ProtobufReader.Fixed32Type);
        BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);
    }

    public Span<byte> Take(int length)
    {
        Span<byte> part = _to.Slice(Length, length);
        Length += length;
        return part;
    }

    private void Tag(int field, int wireType) => Take(1)[0] = (byte)(field << 3 | wireType);

    private void Varint(ulong value)
    {
        Span<byte> part = Take(VarintLength(value));
        for (int i = 0; i < part.Length - 1; i++, value >>= 7) part[i] = (byte)(value | 0x80);
        part[^1] = (byte)value;
    }
}
