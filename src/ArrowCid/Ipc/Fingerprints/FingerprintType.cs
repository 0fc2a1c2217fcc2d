using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>Logical types: what <c>lfp1.md</c> keeps of an Arrow type.</summary>
internal static class FingerprintType
{
    private static readonly HashSet<string> s_namesOfUtc = new(StringComparer.OrdinalIgnoreCase)
    {
        "UTC", "Etc/UTC", "UCT", "Etc/UCT", "Z", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT",
        "GMT0", "Etc/GMT0", "GMT+0", "Etc/GMT+0", "GMT-0", "Etc/GMT-0", "Greenwich", "Etc/Greenwich",
    };

    /// <summary>The bytes of a type; two types with the same bytes hold the same values.</summary>
    public static byte[] BytesOf(ArrowType type)
    {
        var bytes = new LogicalBytes();
        Write(bytes, type);
        return bytes.Written.ToArray();
    }

    /// <summary>Whether columns of two types can hold the same values.</summary>
    public static bool AreAlike(ArrowType a, ArrowType b) => BytesOf(a).AsSpan().SequenceEqual(BytesOf(b));

    /// <summary>A time zone in one spelling; empty for none.</summary>
    public static string ZoneOf(string? zone)
    {
        if (string.IsNullOrEmpty(zone)) return "";
        if (s_namesOfUtc.Contains(zone)) return "UTC";
        if (zone[0] is not ('+' or '-')) return zone;
        string digits = zone.Length == 6 && zone[3] == ':' ? zone[1..3] + zone[4..] : zone[1..];
        if (digits.Length is not (2 or 4) || !digits.All(char.IsAsciiDigit)) return zone;
        if (digits.Length == 2) digits += "00";
        if (string.CompareOrdinal(digits, 0, "23", 0, 2) > 0 || digits[2] > '5') return zone;
        return digits == "0000" ? "UTC" : $"{zone[0]}{digits[..2]}:{digits[2..]}";
    }

    public static void Write(LogicalBytes to, ArrowType type)
    {
        switch (type)
        {
            case DictionaryType dictionary: Write(to, dictionary.ValueType); return;
            case RunEndEncodedType runs: Write(to, runs.Values.Type); return;
        }

        to.AddByte(TagOf(type.Id));
        switch (type)
        {
            case DecimalType number:
                to.AddUInt32((uint)number.Precision);
                to.AddUInt32((uint)number.Scale);
                break;
            case TimestampType time:
                to.AddByte((byte)time.Unit);
                to.AddText(ZoneOf(time.TimeZone));
                break;
            case TimeType time: to.AddByte((byte)time.Unit); break;
            case ListType list: Write(to, list.Item.Type); break;
            case FixedSizeBinaryType binary: to.AddUInt32((uint)binary.ByteWidth); break;
            case FixedSizeListType list:
                to.AddUInt32((uint)list.ListSize);
                Write(to, list.Item.Type);
                break;
            case MapType map:
                foreach (Field field in map.Entries.Type.Children) Write(to, field.Type);
                break;
            case UnionType union: WriteFields(to, union.Children, union.TypeCodes); break;
            case StructType fields: WriteFields(to, fields.Children, default); break;
            default: WriteParameters(to, type.Id); break;
        }
    }

    private static void WriteFields(LogicalBytes to, IReadOnlyList<Field> fields, ReadOnlySpan<sbyte> codes)
    {
        to.AddUInt32((uint)fields.Count);
        for (int i = 0; i < fields.Count; i++)
        {
            if (codes.Length > 0) to.AddByte((byte)codes[i]);
            to.AddText(fields[i].Name);
            Write(to, fields[i].Type);
        }
    }

    private static void WriteParameters(LogicalBytes to, ArrowTypeId id)
    {
        if (id is >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64)
        {
            bool isSigned = id <= ArrowTypeId.Int64;
            to.AddByte((byte)(8 << (id - (isSigned ? ArrowTypeId.Int8 : ArrowTypeId.UInt8))));
            to.AddByte(isSigned ? (byte)1 : (byte)0);
        }
        else if (id is >= ArrowTypeId.Float16 and <= ArrowTypeId.Float64)
        {
            to.AddByte((byte)(id - ArrowTypeId.Float16));
        }
        else if (id is ArrowTypeId.Date32 or ArrowTypeId.Date64)
        {
            to.AddByte((byte)(id - ArrowTypeId.Date32));
        }
        else if (id is >= ArrowTypeId.IntervalYearMonth and <= ArrowTypeId.IntervalMonthDayNano)
        {
            to.AddByte((byte)(id - ArrowTypeId.IntervalYearMonth));
        }
    }

    private static byte TagOf(ArrowTypeId id) => id switch
    {
        ArrowTypeId.Null => 1,
        >= ArrowTypeId.Int8 and <= ArrowTypeId.UInt64 => 2,
        >= ArrowTypeId.Float16 and <= ArrowTypeId.Float64 => 3,
        >= ArrowTypeId.Binary and <= ArrowTypeId.BinaryView => 4,
        >= ArrowTypeId.Utf8 and <= ArrowTypeId.Utf8View => 5,
        ArrowTypeId.Boolean => 6,
        >= ArrowTypeId.Decimal32 and <= ArrowTypeId.Decimal256 => 7,
        ArrowTypeId.Date32 or ArrowTypeId.Date64 => 8,
        ArrowTypeId.Time32 or ArrowTypeId.Time64 => 9,
        ArrowTypeId.Timestamp => 10,
        >= ArrowTypeId.IntervalYearMonth and <= ArrowTypeId.IntervalMonthDayNano => 11,
        >= ArrowTypeId.List and <= ArrowTypeId.LargeListView => 12,
        ArrowTypeId.Struct => 13,
        ArrowTypeId.SparseUnion or ArrowTypeId.DenseUnion => 14,
        ArrowTypeId.FixedSizeBinary => 15,
        ArrowTypeId.FixedSizeList => 16,
        ArrowTypeId.Map => 17,
        ArrowTypeId.Duration => 18,
        _ => throw new ArgumentOutOfRangeException(nameof(id), id, "no logical type"),
    };
}
