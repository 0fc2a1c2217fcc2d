using System.Globalization;

namespace ArrowCid.Columnar;

/// <summary>Types as people write them.</summary>
internal static class TypeText
{
    public static string Of(ArrowType type) => type switch
    {
        DecimalType d => string.Create(CultureInfo.InvariantCulture, $"decimal{d.BitWidth}({d.Precision}, {d.Scale})"),
        TimeType { Id: ArrowTypeId.Duration } t => $"duration[{Unit(t.Unit)}]",
        TimeType t => $"{(t.Id == ArrowTypeId.Time32 ? "time32" : "time64")}[{Unit(t.Unit)}]",
        TimestampType { TimeZone: null } t => $"timestamp[{Unit(t.Unit)}]",
        TimestampType t => $"timestamp[{Unit(t.Unit)}, {t.TimeZone}]",
        FixedSizeBinaryType f => string.Create(CultureInfo.InvariantCulture, $"fixed_size_binary[{f.ByteWidth}]"),
        FixedSizeListType f => string.Create(CultureInfo.InvariantCulture, $"fixed_size_list<{f.Item}>[{f.ListSize}]"),
        MapType m => $"map<{string.Join(", ", m.Entries.Type.Children)}>{(m.KeysSorted ? " sorted" : "")}",
        UnionType u => $"{Name(u.Id)}<{string.Join(", ", u.Children.Select((f, i) => Coded(f, u.TypeCodes[i])))}>",
        NestedType n => $"{Name(n.Id)}<{string.Join(", ", n.Children)}>",
        DictionaryType d => $"dictionary<{d.IndexType}, {d.ValueType}>{(d.IsOrdered ? " ordered" : "")}",
        _ => Name(type.Id),
    };

    private static string Coded(Field field, sbyte code) =>
        string.Create(CultureInfo.InvariantCulture, $"{field} = {code}");

    private static string Unit(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => "s",
        TimeUnit.Millisecond => "ms",
        TimeUnit.Microsecond => "us",
        _ => "ns",
    };

    private static string Name(ArrowTypeId id) => id switch
    {
        ArrowTypeId.Boolean => "bool",
        ArrowTypeId.Float16 => "float16",
        ArrowTypeId.Float32 => "float32",
        ArrowTypeId.Float64 => "float64",
        ArrowTypeId.LargeUtf8 => "large_utf8",
        ArrowTypeId.Utf8View => "utf8_view",
        ArrowTypeId.LargeBinary => "large_binary",
        ArrowTypeId.BinaryView => "binary_view",
        ArrowTypeId.LargeList => "large_list",
        ArrowTypeId.ListView => "list_view",
        ArrowTypeId.LargeListView => "large_list_view",
        ArrowTypeId.SparseUnion => "sparse_union",
        ArrowTypeId.DenseUnion => "dense_union",
        ArrowTypeId.RunEndEncoded => "run_end_encoded",
        ArrowTypeId.IntervalYearMonth => "interval[year_month]",
        ArrowTypeId.IntervalDayTime => "interval[day_time]",
        ArrowTypeId.IntervalMonthDayNano => "interval[month_day_nano]",
        _ => id.ToString().ToLowerInvariant(),
    };
}
