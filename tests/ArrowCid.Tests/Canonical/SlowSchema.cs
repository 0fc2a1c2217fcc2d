using ArrowCid.Columnar;

namespace ArrowCid.Tests.Canonical;

/// <summary>The schema's tables (section 2): fixed child names, sorted metadata, ids in pre-order.</summary>
internal sealed class SlowSchema
{
    private int _nextId;

    public static FlatTable Of(Schema schema)
    {
        var tables = new SlowSchema();
        return new FlatTable()
            .Short(0, 0)
            .Reference(1, new FlatTables([.. schema.Fields.Select(tables.FieldTable)]))
            .Reference(2, KeyValues(schema.Metadata));
    }

    public static (int Tag, FlatTable Table) Type(ArrowType type)
    {
        var t = new FlatTable();
        return type switch
        {
            DecimalType d => (7, t.Int(0, d.Precision).Int(1, d.Scale).Int(2, d.BitWidth)),
            TimeType { Id: ArrowTypeId.Duration } d => (18, t.Short(0, (int)d.Unit)),
            TimeType d => (9, t.Short(0, (int)d.Unit).Int(1, d.Id == ArrowTypeId.Time32 ? 32 : 64)),
            TimestampType s => (10, t.Short(0, (int)s.Unit).Reference(1, s.TimeZone is null ? null : Text(s.TimeZone))),
            FixedSizeBinaryType b => (15, t.Int(0, b.ByteWidth)),
            FixedSizeListType l => (16, t.Int(0, l.ListSize)),
            MapType m => (17, t.Bool(0, m.KeysSorted)),
            UnionType u => (14, t.Short(0, u.Id == ArrowTypeId.SparseUnion ? 0 : 1)
                .Reference(1, new FlatNumbers(u.TypeCodes.Length, u.TypeCodes.ToArray().Select(c => (long)c), 4))),
            _ => Plain(type.Id, t),
        };
    }

    private static (int Tag, FlatTable Table) Plain(ArrowTypeId id, FlatTable t) => id switch
    {
        ArrowTypeId.Null => (1, t),
        ArrowTypeId.Int8 => (2, t.Int(0, 8).Bool(1, true)),
        ArrowTypeId.Int16 => (2, t.Int(0, 16).Bool(1, true)),
        ArrowTypeId.Int32 => (2, t.Int(0, 32).Bool(1, true)),
        ArrowTypeId.Int64 => (2, t.Int(0, 64).Bool(1, true)),
        ArrowTypeId.UInt8 => (2, t.Int(0, 8).Bool(1, false)),
        ArrowTypeId.UInt16 => (2, t.Int(0, 16).Bool(1, false)),
        ArrowTypeId.UInt32 => (2, t.Int(0, 32).Bool(1, false)),
        ArrowTypeId.UInt64 => (2, t.Int(0, 64).Bool(1, false)),
        ArrowTypeId.Float16 => (3, t.Short(0, 0)),
        ArrowTypeId.Float32 => (3, t.Short(0, 1)),
        ArrowTypeId.Float64 => (3, t.Short(0, 2)),
        ArrowTypeId.Binary => (4, t),
        ArrowTypeId.Utf8 => (5, t),
        ArrowTypeId.Boolean => (6, t),
        ArrowTypeId.Date32 => (8, t.Short(0, 0)),
        ArrowTypeId.Date64 => (8, t.Short(0, 1)),
        ArrowTypeId.IntervalYearMonth => (11, t.Short(0, 0)),
        ArrowTypeId.IntervalDayTime => (11, t.Short(0, 1)),
        ArrowTypeId.IntervalMonthDayNano => (11, t.Short(0, 2)),
        ArrowTypeId.List => (12, t),
        ArrowTypeId.Struct => (13, t),
        ArrowTypeId.LargeBinary => (19, t),
        ArrowTypeId.LargeUtf8 => (20, t),
        ArrowTypeId.LargeList => (21, t),
        ArrowTypeId.RunEndEncoded => (22, t),
        ArrowTypeId.BinaryView => (23, t),
        ArrowTypeId.Utf8View => (24, t),
        ArrowTypeId.ListView => (25, t),
        ArrowTypeId.LargeListView => (26, t),
        _ => throw new ArgumentOutOfRangeException(nameof(id), id, "No such type."),
    };

    private FlatTable FieldTable(Field field) => FieldTable(field.Name, field.IsNullable, field, field.Metadata);

    private FlatTable FieldTable(string name, bool nullable, Field field,
        IReadOnlyList<KeyValuePair<string, string>> metadata, bool isMapEntries = false)
    {
        ArrowType values = field.Type;
        FlatTable? encoding = null;
        if (field.Type is DictionaryType d)
        {
            values = d.ValueType;
            encoding = new FlatTable()
                .Long(0, _nextId++).Reference(1, Type(d.IndexType).Table).Bool(2, d.IsOrdered).Short(3, 0);
        }

        FlatObject[] children = isMapEntries ? MapChildren(values) : Children(values);
        (int tag, FlatTable table) = Type(values);
        return new FlatTable()
            .Reference(0, Text(name)).Bool(1, nullable).Byte(2, tag).Reference(3, table).Reference(4, encoding)
            .Reference(5, new FlatTables(children))
            .Reference(6, KeyValues([.. metadata.Where(p => p is not { Key: "ARROW:extension:metadata", Value: "" })]));
    }

    private FlatObject[] Children(ArrowType type) => type switch
    {
        ListType or FixedSizeListType => [Renamed("item", type.Children[0])],
        MapType m => [FieldTable("entries", false, m.Entries, ExtensionKeys(m.Entries), isMapEntries: true)],
        RunEndEncodedType r =>
        [
            FieldTable("run_ends", false, r.RunEnds, ExtensionKeys(r.RunEnds)),
            FieldTable("values", true, r.Values, ExtensionKeys(r.Values)),
        ],
        _ => [.. type.Children.Select(FieldTable)],
    };

    private FlatObject[] MapChildren(ArrowType entries) =>
    [
        FieldTable("key", false, entries.Children[0], entries.Children[0].Metadata),
        Renamed("value", entries.Children[1]),
    ];

    private FlatTable Renamed(string name, Field field) => FieldTable(name, field.IsNullable, field, field.Metadata);

    private static KeyValuePair<string, string>[] ExtensionKeys(Field field) =>
        [.. field.Metadata.Where(p => p.Key is "ARROW:extension:name" or "ARROW:extension:metadata")];

    internal static FlatString Text(string text) => new(SchemaRules.Utf8(text, ""));

    internal static FlatTables? KeyValues(IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        if (pairs.Count == 0) return null;
        var sorted = pairs.ToList();
        sorted.Sort((a, b) => SchemaRules.Utf8(a.Key, "").AsSpan().SequenceCompareTo(SchemaRules.Utf8(b.Key, "")));
        return new FlatTables([.. sorted
            .Select(p => new FlatTable().Reference(0, Text(p.Key)).Reference(1, Text(p.Value)))]);
    }
}
