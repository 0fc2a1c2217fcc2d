using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Bytes that are written one behind the other and may be taken back.</summary>
internal sealed class RunBuffer(int capacity = 256)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    public Span<byte> At(int offset, int length) => _bytes.AsSpan(offset, length);

    public void Clear() => Length = 0;

    public void TakeBack(int length) => Length = length;

    public Span<byte> Take(int length)
    {
        if (length > _bytes.Length - Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, checked(Length + length)));
        Span<byte> taken = _bytes.AsSpan(Length, length);
        Length += length;
        return taken;
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void Word(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    public void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    public void Stamp(FactStamp stamp)
    {
        Word(stamp.Time);
        stamp.WriteWriter(Take(FactStamp.WriterBytes));
    }

    /// <summary>A key of a secondary order.</summary>
    public void Key(ReadOnlySpan<byte> group, ulong time, in Digest256 digest)
    {
        Bytes(group);
        IndexKey.WriteTail(time, in digest, Take(IndexKey.TailBytes));
    }

    public void Digest(in Digest256 digest) => digest.CopyTo(Take(Digest256.ByteCount));
}

/// <summary>Reads what a <see cref="RunBuffer"/> wrote; whatever else stands there is damage.</summary>
internal ref struct RunReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool IsAtEnd => Position == _bytes.Length;

    public readonly int Left => _bytes.Length - Position;

    public byte Byte() => Bytes(1)[0];

    public ReadOnlySpan<byte> Bytes(int length)
    {
        if ((uint)length > (uint)Left) throw new IndexDamagedException("an entry ends too early");
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, length);
        Position += length;
        return taken;
    }

    public ReadOnlySpan<byte> Rest() => Bytes(Left);

    public ulong Word() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(sizeof(ulong)));

    public ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte one = Byte();
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80) return value;
        }

        throw new IndexDamagedException("a number without an end");
    }

    public int Length()
    {
        ulong length = Number();
        return length <= (ulong)Left ? (int)length : throw new IndexDamagedException("a length beyond its entry");
    }

    public FactStamp Stamp()
    {
        ulong time = Word();
        return new FactStamp(time, FactStamp.ReadWriter(Bytes(FactStamp.WriterBytes)));
    }

    public Digest256 Digest() => new(Bytes(Digest256.ByteCount));
}
