using System.Globalization;

namespace ArrowCid.Columnar;

/// <summary>Types as the format strings of the Arrow C Data Interface, both ways.</summary>
internal static class CFormat
{
    private static readonly (string Format, ArrowType Type)[] s_plain =
    [
        ("n", ArrowType.Null), ("b", ArrowType.Boolean),
        ("c", ArrowType.Int8), ("C", ArrowType.UInt8), ("s", ArrowType.Int16), ("S", ArrowType.UInt16),
        ("i", ArrowType.Int32), ("I", ArrowType.UInt32), ("l", ArrowType.Int64), ("L", ArrowType.UInt64),
        ("e", ArrowType.Float16), ("f", ArrowType.Float32), ("g", ArrowType.Float64),
        ("z", ArrowType.Binary), ("Z", ArrowType.LargeBinary), ("vz", ArrowType.BinaryView),
        ("u", ArrowType.Utf8), ("U", ArrowType.LargeUtf8), ("vu", ArrowType.Utf8View),
        ("tdD", ArrowType.Date32), ("tdm", ArrowType.Date64),
        ("tts", TimeType.TimeOfDay(TimeUnit.Second)), ("ttm", TimeType.TimeOfDay(TimeUnit.Millisecond)),
        ("ttu", TimeType.TimeOfDay(TimeUnit.Microsecond)), ("ttn", TimeType.TimeOfDay(TimeUnit.Nanosecond)),
        ("tDs", TimeType.Duration(TimeUnit.Second)), ("tDm", TimeType.Duration(TimeUnit.Millisecond)),
        ("tDu", TimeType.Duration(TimeUnit.Microsecond)), ("tDn", TimeType.Duration(TimeUnit.Nanosecond)),
        ("tiM", ArrowType.IntervalYearMonth), ("tiD", ArrowType.IntervalDayTime),
        ("tin", ArrowType.IntervalMonthDayNano),
    ];

    private static readonly Dictionary<string, ArrowType> s_types =
        s_plain.ToDictionary(item => item.Format, item => item.Type, StringComparer.Ordinal);

    private static readonly Dictionary<ArrowType, string> s_formats =
        s_plain.ToDictionary(item => item.Type, item => item.Format);

    /// <summary>A type's own format; of a dictionary type its indices'.</summary>
    public static string Of(ArrowType type) => type switch
    {
        DictionaryType d => Of(d.IndexType),
        DecimalType { BitWidth: 128 } d => Text($"d:{d.Precision},{d.Scale}"),
        DecimalType d => Text($"d:{d.Precision},{d.Scale},{d.BitWidth}"),
        TimestampType t => $"ts{"smun"[(int)t.Unit]}:{t.TimeZone}",
        FixedSizeBinaryType f => Text($"w:{f.ByteWidth}"),
        FixedSizeListType f => Text($"+w:{f.ListSize}"),
        UnionType u => $"{(u.Id == ArrowTypeId.DenseUnion ? "+ud:" : "+us:")}{Codes(u.TypeCodes)}",
        NestedType n => n.Id switch
        {
            ArrowTypeId.List => "+l",
            ArrowTypeId.LargeList => "+L",
            ArrowTypeId.ListView => "+vl",
            ArrowTypeId.LargeListView => "+vL",
            ArrowTypeId.Struct => "+s",
            ArrowTypeId.Map => "+m",
            _ => "+r",
        },
        _ => s_formats[type],
    };

    /// <summary>The type that a format and children describe; a dictionary is not seen here.</summary>
    public static ArrowType Parse(string format, Field[] children, bool keysSorted, FieldPath? path)
    {
        int colon = format.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? format : format[..(colon + 1)], rest = colon < 0 ? "" : format[(colon + 1)..];
        int wanted = kind switch
        {
            "+l" or "+L" or "+vl" or "+vL" or "+w:" or "+m" => 1,
            "+r" => 2,
            "+s" or "+ud:" or "+us:" => -1,
            _ => 0,
        };
        if (wanted >= 0 && children.Length != wanted)
            throw Fault($"the format '{Shown(format)}' has {wanted} children, not {children.Length}", path);
        return kind switch
        {
            "d:" => Decimal(format, rest, path),
            "w:" => new FixedSizeBinaryType(Size(format, rest, path)),
            "tss:" => new TimestampType(TimeUnit.Second, rest),
            "tsm:" => new TimestampType(TimeUnit.Millisecond, rest),
            "tsu:" => new TimestampType(TimeUnit.Microsecond, rest),
            "tsn:" => new TimestampType(TimeUnit.Nanosecond, rest),
            "+l" => new ListType(children[0]),
            "+L" => new ListType(children[0], ArrowTypeId.LargeList),
            "+vl" => new ListType(children[0], ArrowTypeId.ListView),
            "+vL" => new ListType(children[0], ArrowTypeId.LargeListView),
            "+w:" => new FixedSizeListType(children[0], Size(format, rest, path)),
            "+s" => new StructType(children),
            "+m" => children[0].Type is StructType { Children.Count: 2 }
                ? new MapType(children[0], keysSorted)
                : throw Fault("a map's entries are a struct of two fields", path),
            "+r" => children[0].Type.Id is ArrowTypeId.Int16 or ArrowTypeId.Int32 or ArrowTypeId.Int64
                ? new RunEndEncodedType(children[0], children[1])
                : throw Fault("run ends are int16, int32 or int64", path),
            "+ud:" => Union(ArrowTypeId.DenseUnion, format, rest, children, path),
            "+us:" => Union(ArrowTypeId.SparseUnion, format, rest, children, path),
            _ => s_types.TryGetValue(format, out ArrowType? type)
                ? type
                : throw new InvalidArrowException($"the format '{Shown(format)}' is none that is known", path,
                    code: ErrorCode.Unsupported),
        };
    }

    private static DecimalType Decimal(string format, string rest, FieldPath? path)
    {
        string[] parts = rest.Split(',');
        int bits = 128;
        if (parts.Length is not (2 or 3) || !TryNumber(parts[0], out int precision) || precision < 1
            || !TryNumber(parts[1], out int scale) || (parts.Length == 3 && !TryNumber(parts[2], out bits))
            || bits is not (32 or 64 or 128 or 256))
        {
            throw Fault($"the format '{Shown(format)}' is no decimal of 32, 64, 128 or 256 bits", path);
        }

        return new DecimalType(bits, precision, scale);
    }

    private static UnionType Union(ArrowTypeId id, string format, string rest, Field[] children, FieldPath? path)
    {
        string[] parts = rest.Length == 0 ? [] : rest.Split(',');
        var codes = new sbyte[parts.Length];
        var seen = new HashSet<sbyte>();
        for (int i = 0; i < parts.Length; i++)
        {
            if (!TryNumber(parts[i], out int code) || code is < 0 or > 127 || !seen.Add((sbyte)code))
                throw Fault($"the format '{Shown(format)}' has no type codes from 0 to 127, no two alike", path);
            codes[i] = (sbyte)code;
        }

        return codes.Length == children.Length
            ? new UnionType(id, children, codes)
            : throw Fault($"the format '{Shown(format)}' has {codes.Length} type codes for {children.Length} children",
                path);
    }

    private static int Size(string format, string text, FieldPath? path) => TryNumber(text, out int size) && size >= 0
        ? size
        : throw Fault($"the format '{Shown(format)}' has no size from 0 to 2^31 - 1", path);

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static string Codes(ReadOnlySpan<sbyte> codes)
    {
        var texts = new string[codes.Length];
        for (int i = 0; i < texts.Length; i++) texts[i] = codes[i].ToString(CultureInfo.InvariantCulture);
        return string.Join(',', texts);
    }

    private static string Shown(string format) => format.Length <= 40 ? format : format[..40] + "…";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static InvalidArrowException Fault(string rule, FieldPath? path) => new(rule, path);
}
