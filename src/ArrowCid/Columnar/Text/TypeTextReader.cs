using System.Globalization;

namespace ArrowCid.Columnar;

/// <summary>Reads types as <see cref="ArrowType.ToString"/> writes them; not unions. The child of a list may be a type
/// alone: <c>list&lt;int32&gt;</c>.</summary>
internal ref struct TypeTextReader
{
    private const int MostLevels = 32;

    private static readonly Dictionary<string, ArrowType> s_plain = new ArrowType[]
    {
        ArrowType.Null, ArrowType.Boolean, ArrowType.Int8, ArrowType.Int16, ArrowType.Int32, ArrowType.Int64,
        ArrowType.UInt8, ArrowType.UInt16, ArrowType.UInt32, ArrowType.UInt64, ArrowType.Float16, ArrowType.Float32,
        ArrowType.Float64, ArrowType.Date32, ArrowType.Date64, ArrowType.IntervalYearMonth, ArrowType.IntervalDayTime,
        ArrowType.IntervalMonthDayNano, ArrowType.Utf8, ArrowType.LargeUtf8, ArrowType.Utf8View, ArrowType.Binary,
        ArrowType.LargeBinary, ArrowType.BinaryView,
        TimeType.TimeOfDay(TimeUnit.Second), TimeType.TimeOfDay(TimeUnit.Millisecond),
        TimeType.TimeOfDay(TimeUnit.Microsecond), TimeType.TimeOfDay(TimeUnit.Nanosecond),
        TimeType.Duration(TimeUnit.Second), TimeType.Duration(TimeUnit.Millisecond),
        TimeType.Duration(TimeUnit.Microsecond), TimeType.Duration(TimeUnit.Nanosecond),
    }.ToDictionary(type => type.ToString(), StringComparer.Ordinal);

    private readonly string _all;
    private ReadOnlySpan<char> _rest;

    private TypeTextReader(string all)
    {
        _all = all;
        _rest = all;
    }

    /// <summary>A type.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: no such type.</exception>
    public static ArrowType Type(string text)
    {
        var reader = new TypeTextReader(text);
        ArrowType type = reader.Type(1);
        return reader._rest.IsEmpty ? type : throw reader.Fault();
    }

    /// <summary>Names and types: <c>a=int64,b=timestamp[us, UTC]</c>.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: no such type, a name twice, or
    /// something else.</exception>
    public static Dictionary<string, ArrowType> Types(string text)
    {
        var types = new Dictionary<string, ArrowType>(StringComparer.Ordinal);
        var reader = new TypeTextReader(text);
        do
        {
            string name = reader.Until('=');
            if (!types.TryAdd(name, reader.Type(1)))
                throw new ArrowCidException(ErrorCode.InvalidArgument, $"the type of '{name}' is given twice");
        }
        while (reader.Skips(','));
        return reader._rest.IsEmpty ? types : throw reader.Fault();
    }

    private ArrowType Type(int level)
    {
        if (level > MostLevels) throw Fault();
        int end = _rest.IndexOfAny(",<>()[] ".AsSpan());
        string name = (end < 0 ? _rest : _rest[..end]).Trim().ToString();
        // The bracket of a unit belongs to the name.
        if (end >= 0 && _rest[end] == '[' && _rest[end..].IndexOf(']') is > 0 and var close
            && s_plain.ContainsKey(name + _rest.Slice(end, close + 1).ToString()))
        {
            name += _rest.Slice(end, close + 1).ToString();
            end += close + 1;
        }

        _rest = end < 0 ? default : _rest[end..];
        if (s_plain.TryGetValue(name, out ArrowType? plain)) return plain;
        try
        {
            return name switch
            {
                "timestamp" => Timestamp(),
                "fixed_size_binary" => new FixedSizeBinaryType(Size()),
                "decimal32" or "decimal64" or "decimal128" or "decimal256" =>
                    Decimal(int.Parse(name.AsSpan(7), CultureInfo.InvariantCulture)),
                "list" => new ListType(Item(level)),
                "large_list" => new ListType(Item(level), ArrowTypeId.LargeList),
                "list_view" => new ListType(Item(level), ArrowTypeId.ListView),
                "large_list_view" => new ListType(Item(level), ArrowTypeId.LargeListView),
                "fixed_size_list" => new FixedSizeListType(Item(level), Size()),
                "struct" => new StructType([.. Fields(level)]),
                "map" when Fields(level) is [var key, var value] => new MapType(key, value, Skips(" sorted")),
                "run_end_encoded" when Fields(level) is [var ends, var values] => new RunEndEncodedType(ends, values),
                "dictionary" => Dictionary(level),
                _ => throw Fault(name),
            };
        }
        catch (ArgumentException)
        {
            throw Fault(name);
        }
    }

    private TimestampType Timestamp()
    {
        Expect("[");
        TimeUnit unit = Skips("s") ? TimeUnit.Second
            : Skips("ms") ? TimeUnit.Millisecond
            : Skips("us") ? TimeUnit.Microsecond
            : Skips("ns") ? TimeUnit.Nanosecond
            : throw Fault();
        string? zone = Skips(',') ? Until(']').Trim() : null;
        if (zone is null) Expect("]");
        return new TimestampType(unit, zone);
    }

    private DecimalType Decimal(int bits)
    {
        Expect("(");
        int precision = Number(Until(','));
        return new DecimalType(bits, precision, Number(Until(')')));
    }

    private DictionaryType Dictionary(int level)
    {
        Expect("<");
        ArrowType index = Type(level + 1);
        Expect(",");
        SkipBlanks();
        ArrowType values = Type(level + 1);
        Expect(">");
        return new DictionaryType(index, values, Skips(" ordered"));
    }

    private Field Item(int level) => Fields(level) is [var item] ? item : throw Fault();

    private List<Field> Fields(int level)
    {
        var fields = new List<Field>();
        Expect("<");
        if (Skips('>')) return fields;
        do
        {
            SkipBlanks();
            int colon = _rest.IndexOf(": ", StringComparison.Ordinal);
            int end = _rest.IndexOfAny(",<>".AsSpan());
            bool isNamed = colon >= 0 && (end < 0 || colon < end);
            string name = isNamed ? _rest[..colon].ToString() : "item";
            if (isNamed) _rest = _rest[(colon + 2)..];
            ArrowType type = Type(level + 1);
            fields.Add(new Field(name, type, nullable: !Skips(" not null")));
        }
        while (Skips(','));
        Expect(">");
        return fields;
    }

    private int Size()
    {
        Expect("[");
        return Number(Until(']'));
    }

    private readonly int Number(string text) =>
        int.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw Fault();

    private string Until(char end)
    {
        int at = _rest.IndexOf(end);
        if (at < 0) throw Fault();
        string text = _rest[..at].ToString();
        _rest = _rest[(at + 1)..];
        return text;
    }

    private bool Skips(char sign)
    {
        if (!_rest.StartsWith(sign)) return false;
        _rest = _rest[1..];
        return true;
    }

    private bool Skips(string text)
    {
        if (!_rest.StartsWith(text, StringComparison.Ordinal)) return false;
        _rest = _rest[text.Length..];
        return true;
    }

    private void Expect(string text)
    {
        if (!Skips(text)) throw Fault();
    }

    private void SkipBlanks() => _rest = _rest.TrimStart(' ');

    private readonly ArrowCidException Fault(string? name = null) => new(ErrorCode.InvalidArgument, string.Create(
        CultureInfo.InvariantCulture,
        $"'{_all}', character {_all.Length - _rest.Length + 1}: {(name is null ? "" : $"'{name}' is ")}no type; " +
        $"write such as int64, utf8, timestamp[us, UTC], decimal128(20, 2), list<float64>, struct<a: int32, b: utf8>"));
}
