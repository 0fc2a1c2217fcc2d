using System.Text;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Thrift's compact protocol over untrusted bytes: every length is checked against the remaining bytes,
/// nesting is bounded, and the objects of a list are counted before they are created.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes, ByteBudget budget)
{
    private const int MaxDepth = 40;

    // What the objects of a list's item take, about.
    private const int ItemBytes = 64;

    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _depth;

    /// <summary>The bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Moves to a struct's next field; false at its end.</summary>
    public bool Next(ref ThriftField field)
    {
        if (field.Id == 0 && ++_depth > MaxDepth) throw Broken("structs nest too deeply");
        byte head = Byte();
        if (head == 0)
        {
            _depth--;
            return false;
        }

        int delta = head >> 4;
        field.Type = (ThriftType)(head & 0xF);
        if (field.Type is ThriftType.Stop or > ThriftType.Uuid) throw Broken("a field has no known type");
        field.Id = delta == 0 ? (short)ZigZag() : field.Id + delta;
        if (field.Id is <= 0 or > short.MaxValue) throw Broken("a field's id is out of range");
        return true;
    }

    public int Int(in ThriftField field)
    {
        long value = Long(field);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Broken("an int32 is out of range");
    }

    public long Long(in ThriftField field)
    {
        if (field.Type == ThriftType.Byte) return (sbyte)Byte();
        Expect(field.Type is ThriftType.I16 or ThriftType.I32 or ThriftType.I64);
        return ZigZag();
    }

    public bool Flag(in ThriftField field)
    {
        Expect(field.Type is ThriftType.True or ThriftType.False);
        return field.Type == ThriftType.True;
    }

    /// <summary>Bytes where they lie.</summary>
    public ReadOnlySpan<byte> Binary(in ThriftField field)
    {
        Expect(field.Type == ThriftType.Binary);
        return Binary();
    }

    public string Text(in ThriftField field)
    {
        Expect(field.Type == ThriftType.Binary);
        return Text();
    }

    /// <summary>Begins a list of items of a type; gives their number.</summary>
    public int List(in ThriftField field, ThriftType item)
    {
        Expect(field.Type is ThriftType.List or ThriftType.Set);
        (ThriftType type, int count) = ListHead();
        bool isBool = item is ThriftType.True && type is ThriftType.True or ThriftType.False;
        Expect(type == item || count == 0 || isBool);
        budget.Take((long)count * ItemBytes);
        return count;
    }

    /// <summary>An item of a list of integers.</summary>
    public long ListLong() => ZigZag();

    /// <summary>An item of a list of booleans.</summary>
    public bool ListFlag() => Byte() == (int)ThriftType.True;

    /// <summary>An item of a list of texts.</summary>
    public string Text()
    {
        ReadOnlySpan<byte> bytes = Binary();
        budget.Take(2L * bytes.Length);
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ParquetFault("a text of the file's metadata is not UTF-8", inner: e);
        }
    }

    /// <summary>An item of a list of byte strings.</summary>
    public ReadOnlySpan<byte> Binary()
    {
        ulong length = Varint();
        if (length > (ulong)(_bytes.Length - Position))
            throw Broken("a byte string is longer than the bytes there are");
        ReadOnlySpan<byte> value = _bytes.Slice(Position, (int)length);
        Position += (int)length;
        return value;
    }

    public void Struct(in ThriftField field) => Expect(field.Type == ThriftType.Struct);

    /// <summary>Passes over a field that is not known.</summary>
    public void Skip(in ThriftField field)
    {
        if (field.Type is not (ThriftType.True or ThriftType.False)) Skip(field.Type);
    }

    private void Skip(ThriftType type)
    {
        switch (type)
        {
            case ThriftType.True or ThriftType.False or ThriftType.Byte:
                _ = Byte();
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                _ = Varint();
                break;
            case ThriftType.Double:
                Advance(8);
                break;
            case ThriftType.Uuid:
                Advance(16);
                break;
            case ThriftType.Binary:
                _ = Binary();
                break;
            case ThriftType.List or ThriftType.Set:
                SkipList();
                break;
            case ThriftType.Map:
                SkipMap();
                break;
            case ThriftType.Struct:
                var field = default(ThriftField);
                while (Next(ref field)) Skip(field);
                break;
            default:
                throw Broken("a field has no known type");
        }
    }

    private void SkipList()
    {
        if (++_depth > MaxDepth) throw Broken("lists nest too deeply");
        (ThriftType type, int count) = ListHead();
        for (int i = 0; i < count; i++) Skip(type);
        _depth--;
    }

    private void SkipMap()
    {
        if (++_depth > MaxDepth) throw Broken("maps nest too deeply");
        ulong count = Varint();
        if (count > (ulong)(_bytes.Length - Position)) throw Broken("a map is longer than the bytes there are");
        if (count > 0)
        {
            byte types = Byte();
            for (ulong i = 0; i < count; i++)
            {
                Skip((ThriftType)(types >> 4));
                Skip((ThriftType)(types & 0xF));
            }
        }

        _depth--;
    }

    private (ThriftType Type, int Count) ListHead()
    {
        byte head = Byte();
        ulong count = (ulong)(head >> 4);
        if (count == 15) count = Varint();
        // An item takes a byte at least.
        if (count > (ulong)(_bytes.Length - Position)) throw Broken("a list is longer than the bytes there are");
        return ((ThriftType)(head & 0xF), (int)count);
    }

    private long ZigZag()
    {
        ulong raw = Varint();
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Broken("a number has more than ten bytes");
    }

    private byte Byte()
    {
        if ((uint)Position >= (uint)_bytes.Length) throw Broken("the bytes end within a struct");
        return _bytes[Position++];
    }

    private void Advance(int count)
    {
        if (_bytes.Length - Position < count) throw Broken("the bytes end within a struct");
        Position += count;
    }

    private readonly void Expect(bool holds)
    {
        if (!holds) throw Broken("a field is not of the type that the format gives it");
    }

    private readonly ParquetFault Broken(string what) =>
        new($"the metadata is not Thrift's compact form: {what}") { Offset = Position };
}
