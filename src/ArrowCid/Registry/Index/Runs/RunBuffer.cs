using System.Buffers.Binary;
using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Bytes that are written one after the other and may be taken back.</summary>
internal sealed class RunBuffer(int capacity = 256)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    public Span<byte> At(int offset, int length)
    {
        Debug.Assert(offset >= 0 && length >= 0 && offset + length <= Length, "what was not written is not read");
        return _bytes.AsSpan(offset, length);
    }

    public void Clear() => Length = 0;

    public void TakeBack(int length)
    {
        Debug.Assert(length >= 0 && length <= Length);
        Length = length;
    }

    public Span<byte> Take(int length)
    {
        Debug.Assert(length >= 0);
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
