using System.Buffers.Binary;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>Reads the fields of a protobuf message, as parts of the block that it stands in.</summary>
internal ref struct ProtobufReader
{
    public const int VarintType = 0, Fixed64Type = 1, BytesType = 2, Fixed32Type = 5;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _format;
    private readonly int _origin;
    private readonly bool _allowsLongForms;
    private int _position;

    /// <param name="bytes">The message.</param>
    /// <param name="format">The format's name, for errors.</param>
    /// <param name="options">What to let pass.</param>
    /// <param name="origin">Where the message begins in its block.</param>
    public ProtobufReader(ReadOnlySpan<byte> bytes, string format, IpldReadOptions options, int origin = 0)
    {
        _bytes = bytes;
        (_format, _origin) = (format, origin);
        _allowsLongForms = (options & IpldReadOptions.AllowLongForms) != 0;
    }

    /// <summary>Where the next byte stands in the block.</summary>
    public readonly int Offset => _origin + _position;

    /// <summary>Reads the next field's tag.</summary>
    /// <returns>False at the end of the message.</returns>
    public bool NextField(out int field, out int wireType)
    {
        (field, wireType) = (0, 0);
        if (_position == _bytes.Length) return false;
        int start = Offset;
        ulong tag = ReadVarint();
        wireType = (int)(tag & 7);
        if (tag >> 3 is 0 or >= 1 << 29) throw Refuse("a field's number is not from 1 to 2^29 − 1", start);
        field = (int)(tag >> 3);
        return true;
    }

    public ulong ReadVarint()
    {
        const int MaxLength = 10;
        int start = Offset;
        ulong value = 0;
        for (int i = 0; i < MaxLength; i++)
        {
            if (_position == _bytes.Length) throw Refuse("the bytes end inside a varint", start);
            byte part = _bytes[_position++];
            if (i == MaxLength - 1 && part > 1) break;
            value |= (ulong)(part & 0x7f) << (7 * i);
            if (part >= 0x80) continue;
            if (part == 0 && i > 0 && !_allowsLongForms) throw Refuse("a varint is not in its shortest form", start);
            return value;
        }

        throw Refuse("a varint is over 64 bits", start);
    }

    /// <summary>Reads a field's bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        int start = Offset;
        ulong length = ReadVarint();
        if (length > (ulong)(_bytes.Length - _position))
        {
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"a field of {length} bytes where {_bytes.Length - _position} are left"), start);
        }

        ReadOnlySpan<byte> content = _bytes.Slice(_position, (int)length);
        _position += content.Length;
        return content;
    }

    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadFixed(sizeof(uint)));

    /// <summary>Skips an unknown field.</summary>
    public void Skip(int wireType, int start)
    {
        switch (wireType)
        {
            case VarintType: _ = ReadVarint(); break;
            case Fixed64Type: _ = ReadFixed(sizeof(ulong)); break;
            case BytesType: _ = ReadBytes(); break;
            case Fixed32Type: _ = ReadFixed(sizeof(uint)); break;
            default: throw Refuse($"a field of wire type {wireType}", start);
        }
    }

    public readonly void Expect(int wireType, int actual, string field, int start)
    {
        if (actual == wireType) return;
        throw Refuse($"{field} has wire type {actual}, not {wireType}", start);
    }

    public readonly InvalidIpldException Refuse(string rule, int offset) => new(_format, rule, offset);

    private ReadOnlySpan<byte> ReadFixed(int length)
    {
        if (length > _bytes.Length - _position) throw Refuse($"the bytes end inside {length} fixed bytes", Offset);
        ReadOnlySpan<byte> content = _bytes.Slice(_position, length);
        _position += length;
        return content;
    }
}
