using System.Buffers.Binary;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

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
