using System.Buffers.Binary;
using System.Globalization;

namespace ArrowCid.Ipld;

/// <summary>
/// Reads a dag-cbor block item by item without allocating. Every rule of the format is checked where the item is read.
/// The announced length of a list or map must fit in the remaining bytes, together with everything announced before, so
/// that memory allocated for an announced count is at most proportional to the block.
/// </summary>
internal ref struct DagCborReader
{
    private const string Format = "dag-cbor";

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly IpldReadOptions _options;

    // Values that open lists and maps have announced and that have not begun; each takes a byte at least.
    private long _announced = 1;
    private int _position;

    public DagCborReader(ReadOnlySpan<byte> bytes, IpldReadOptions options = IpldReadOptions.None)
    {
        _bytes = bytes;
        _options = options;
    }

    /// <summary>Where the next item begins, in bytes.</summary>
    public readonly int Position => _position;

    /// <summary>The kind of the next item, by its first byte.</summary>
    public readonly IpldKind PeekKind()
    {
        byte initial = Initial();
        switch (initial >> 5)
        {
            case CborHead.Unsigned or CborHead.Negative: return IpldKind.Integer;
            case CborHead.Bytes: return IpldKind.Bytes;
            case CborHead.Text: return IpldKind.Text;
            case CborHead.List: return IpldKind.List;
            case CborHead.Map: return IpldKind.Map;
            case CborHead.Tag: return IpldKind.Link;
        }

        return initial switch
        {
            CborHead.False or CborHead.True => IpldKind.Bool,
            CborHead.Null => IpldKind.Null,
            CborHead.Undefined when Allows(IpldReadOptions.AllowUndefined) => IpldKind.Null,
            CborHead.Undefined => throw Refuse("undefined is no value; null is", _position),
            CborHead.Float16 or CborHead.Float32 or CborHead.Float64 => IpldKind.Float,
            0xff => throw Refuse("an end mark without an item of indefinite length, which is not allowed either",
                _position),
            _ => throw Refuse("of the simple values only false, true and null are allowed", _position),
        };
    }

    public void ReadNull()
    {
        Expect(IpldKind.Null);
        Pass(1);
    }

    public bool ReadBool()
    {
        Expect(IpldKind.Bool);
        bool value = _bytes[_position] == CborHead.True;
        Pass(1);
        return value;
    }

    /// <summary>An integer n: its argument is n, or -1 - n where it is negative.</summary>
    public (bool IsNegative, ulong Argument) ReadInteger()
    {
        Expect(IpldKind.Integer);
        bool isNegative = _bytes[_position] >> 5 == CborHead.Negative;
        ulong argument = ReadHead();
        _announced--;
        return (isNegative, argument);
    }

    public long ReadInt64()
    {
        int start = _position;
        (bool isNegative, ulong argument) = ReadInteger();
        if (argument > long.MaxValue) throw Refuse("an integer of 64 bits with sign is expected", start);
        return isNegative ? -1 - (long)argument : (long)argument;
    }

    public ulong ReadUInt64()
    {
        int start = _position;
        (bool isNegative, ulong argument) = ReadInteger();
        return isNegative ? throw Refuse("an integer that is not negative is expected", start) : argument;
    }

    public double ReadFloat()
    {
        Expect(IpldKind.Float);
        int start = _position;
        byte initial = _bytes[start];
        if (initial != CborHead.Float64 && !Allows(IpldReadOptions.AllowShortFloats))
        {
            throw Refuse($"a float has 64 bits, not {(initial == CborHead.Float16 ? 16 : 32)}", start);
        }

        int width = initial switch { CborHead.Float16 => 2, CborHead.Float32 => 4, _ => 8 };
        if (width >= _bytes.Length - start) throw EndsInside("a float", start);
        ReadOnlySpan<byte> image = _bytes.Slice(start + 1, width);
        double value = width switch
        {
            2 => (double)BinaryPrimitives.ReadHalfBigEndian(image),
            4 => BinaryPrimitives.ReadSingleBigEndian(image),
            _ => BinaryPrimitives.ReadDoubleBigEndian(image),
        };
        if (!double.IsFinite(value)) throw Refuse("a float is finite, neither NaN nor infinity", start);
        Pass(1 + width);
        return value;
    }

    /// <summary>Bytes, as a part of the block.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        Expect(IpldKind.Bytes);
        _announced--;
        return ReadString("bytes");
    }

    /// <summary>Text in UTF-8, as a part of the block; well formed unless the options allow otherwise.</summary>
    public ReadOnlySpan<byte> ReadTextBytes()
    {
        Expect(IpldKind.Text);
        _announced--;
        ReadOnlySpan<byte> text = ReadString("text");
        if (!Allows(IpldReadOptions.AllowIllFormedText))
        {
            int at = IpldText.IllFormedAt(text);
            if (at >= 0) throw Refuse("text is not UTF-8", _position - text.Length + at);
        }

        return text;
    }

    public string ReadText() => IpldText.Utf8.GetString(ReadTextBytes());

    public Cid ReadLink()
    {
        Expect(IpldKind.Link);
        int start = _position;
        ulong tag = ReadHead();
        _announced--;
        if (tag != CborHead.LinkTag)
        {
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"tag {tag}; only 42, of links, is allowed"), start);
        }

        if (_position == _bytes.Length) throw EndsInside("a link", start);
        if (_bytes[_position] >> 5 != CborHead.Bytes) throw Refuse("tag 42 is not on bytes", start);
        ReadOnlySpan<byte> content = ReadString("a link");
        if (content.IsEmpty || content[0] != 0) throw Refuse("a link's bytes do not begin with 00", start);
        CidParseOptions lengths = Allows(IpldReadOptions.AllowLongIdentity)
            ? CidParseOptions.AllowLongIdentity
            : CidParseOptions.None;
        return Cid.TryFromBytes(content[1..], out Cid cid, out CidError error, lengths)
            ? cid
            : throw Refuse($"a link holds no CID: {Cid.Describe(error)}", start);
    }

    /// <summary>Begins a list.</summary>
    /// <returns>The number of its items, which are the next to read.</returns>
    public int BeginList()
    {
        Expect(IpldKind.List);
        return Announce(1, "list", "items");
    }

    /// <summary>Begins a map; <see cref="NextKey"/> goes through it.</summary>
    public DagCborMap BeginMap()
    {
        Expect(IpldKind.Map);
        int count = Announce(2, "map", "entries");
        return new DagCborMap { Count = count, Left = count };
    }

    /// <summary>Reads the next key; the value is the next item to read.</summary>
    /// <param name="map">What <see cref="BeginMap"/> gave.</param>
    /// <param name="key">The key in UTF-8, a part of the block.</param>
    /// <returns>False at the end of the map.</returns>
    public bool NextKey(ref DagCborMap map, out ReadOnlySpan<byte> key)
    {
        key = default;
        if (map.Left == 0) return false;
        int start = _position;
        if (Initial() >> 5 != CborHead.Text) throw Refuse("a map's key is not text", start);
        key = ReadTextBytes();
        bool hasLast = map.Left-- < map.Count;
        if (hasLast && !Allows(IpldReadOptions.AllowUnsorted))
        {
            ReadOnlySpan<byte> last = _bytes.Slice(map.LastStart, map.LastLength);
            int order = last.Length != key.Length
                ? last.Length.CompareTo(key.Length)
                : last.SequenceCompareTo(key);
            if (order == 0) throw Refuse("a key occurs twice in a map", start);
            if (order > 0) throw Refuse("a map's keys are not sorted, shorter ones first, then by bytes", start);
        }

        (map.LastStart, map.LastLength) = (_position - key.Length, key.Length);
        return true;
    }

    /// <summary>Reads one item with all that is in it, and keeps the rules, but for keys that occur twice where they
    /// need not be sorted.</summary>
    /// <param name="depth">The lists and maps around it.</param>
    public void Skip(int depth = 0)
    {
        switch (PeekKind())
        {
            case IpldKind.Null: ReadNull(); break;
            case IpldKind.Bool: _ = ReadBool(); break;
            case IpldKind.Integer: _ = ReadInteger(); break;
            case IpldKind.Float: _ = ReadFloat(); break;
            case IpldKind.Bytes: _ = ReadBytes(); break;
            case IpldKind.Text: _ = ReadTextBytes(); break;
            case IpldKind.Link: _ = ReadLink(); break;
            case IpldKind.List:
                CheckDepth(depth);
                for (int left = BeginList(); left > 0; left--) Skip(depth + 1);
                break;
            default:
                CheckDepth(depth);
                DagCborMap map = BeginMap();
                while (NextKey(ref map, out _)) Skip(depth + 1);
                break;
        }
    }

    /// <summary>Refuses a list or map that comes next inside as many others as there may be.</summary>
    public readonly void CheckDepth(int depth)
    {
        if (depth < DagCbor.MaxDepth) return;
        throw Refuse($"lists and maps nest deeper than {DagCbor.MaxDepth}", _position);
    }

    /// <summary>Refuses bytes after the one item that a block holds.</summary>
    public readonly void End()
    {
        if (_position == _bytes.Length) return;
        throw Refuse($"{_bytes.Length - _position} bytes follow the end of the value", _position);
    }

    /// <summary>An error about the item that begins at a byte.</summary>
    public static InvalidIpldException Refuse(string rule, int offset) => new(Format, rule, offset);

    private readonly bool Allows(IpldReadOptions option) => (_options & option) != 0;

    private readonly byte Initial() => _position < _bytes.Length
        ? _bytes[_position]
        : throw Refuse("the bytes end where a value is expected", _position);

    private readonly void Expect(IpldKind kind)
    {
        IpldKind actual = PeekKind();
        if (actual != kind) throw Refuse($"{kind} is expected, not {actual}", _position);
    }

    private static InvalidIpldException EndsInside(string what, int start) =>
        Refuse($"the bytes end inside {what}", start);

    private void Pass(int length)
    {
        _position += length;
        _announced--;
    }

    private int Announce(int valuesEach, string what, string parts)
    {
        int start = _position;
        ulong count = ReadHead();
        _announced--;
        ulong space = (ulong)Math.Max(0, _bytes.Length - _position - _announced);
        if (count > space / (ulong)valuesEach)
        {
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"a {what} of {count} {parts} does not fit in the bytes that are left"), start);
        }

        _announced += (long)count * valuesEach;
        return (int)count;
    }

    private ReadOnlySpan<byte> ReadString(string what)
    {
        int start = _position;
        ulong length = ReadHead();
        if (length > (ulong)(_bytes.Length - _position))
        {
            throw Refuse(string.Create(CultureInfo.InvariantCulture,
                $"{what} of {length} bytes where {_bytes.Length - _position} are left"), start);
        }

        ReadOnlySpan<byte> content = _bytes.Slice(_position, (int)length);
        _position += content.Length;
        return content;
    }

    private ulong ReadHead()
    {
        int start = _position;
        int info = _bytes[start] & 31;
        _position++;
        if (info < 24) return (ulong)info;
        if (info == 31) throw Refuse("an item of indefinite length", start);
        if (info > 27) throw Refuse($"additional information {info}, which CBOR reserves", start);
        int width = 1 << (info - 24);
        if (width > _bytes.Length - _position) throw EndsInside("an item's head", start);
        ulong argument = 0;
        foreach (byte part in _bytes.Slice(_position, width)) argument = argument << 8 | part;
        _position += width;
        if (CborHead.Length(argument) <= width && !Allows(IpldReadOptions.AllowLongForms))
        {
            throw Refuse("an integer or length is not in its shortest form", start);
        }

        return argument;
    }
}
