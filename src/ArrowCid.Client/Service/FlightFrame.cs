using System.Text;
using Google.Protobuf;

namespace ArrowCid.Flight.Service;

/// <summary>Writes a FlightData message up to its body, by hand: the body is never copied into a message.</summary>
internal sealed class FlightFrame
{
    private const byte DescriptorTag = 0x0A, HeaderTag = 0x12, MetadataTag = 0x1A;

    // Field 1000 as bytes.
    private const ulong BodyTag = (1000 << 3) | 2;
    private const int MostVarint = 10;
    private const int Least = 512;

    private byte[] _bytes = [];
    private int _length;

    /// <summary>The message's bytes before the body, valid until the next call.</summary>
    public ReadOnlyMemory<byte> Make(ReadOnlySpan<byte> header, string appMetadata, int bodyLength,
        IMessage? descriptor)
    {
        _length = 0;
        if (descriptor is not null) Field(DescriptorTag, descriptor.ToByteArray());
        if (!header.IsEmpty) Field(HeaderTag, header);
        if (appMetadata.Length > 0) Text(MetadataTag, appMetadata);
        if (bodyLength > 0)
        {
            Reserve(2 * MostVarint);
            Varint(BodyTag);
            Varint((ulong)bodyLength);
        }

        return _bytes.AsMemory(0, _length);
    }

    /// <summary>Frees the memory; the next message allocates it again.</summary>
    public void Rest() => _bytes = [];

    private void Field(byte tag, ReadOnlySpan<byte> value)
    {
        Reserve(1 + MostVarint + value.Length);
        _bytes[_length++] = tag;
        Varint((ulong)value.Length);
        value.CopyTo(_bytes.AsSpan(_length));
        _length += value.Length;
    }

    private void Text(byte tag, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Reserve(1 + MostVarint + length);
        _bytes[_length++] = tag;
        Varint((ulong)length);
        _length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_length));
    }

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes[_length++] = (byte)(value | 0x80);
        _bytes[_length++] = (byte)value;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _length >= count) return;
        Array.Resize(ref _bytes, Math.Max(Math.Max(Least, 2 * _bytes.Length), _length + count));
    }
}
