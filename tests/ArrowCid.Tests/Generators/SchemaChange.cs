using ArrowCid.Columnar;

namespace ArrowCid.Tests.Generators;

/// <summary>One change to one field anywhere in a schema, under which the same values are still legal.</summary>
internal sealed class SchemaChange(Random random)
{
    private int _target;
    private int _seen;
    private bool _done;

    public Schema? Of(Schema schema)
    {
        (_target, _seen) = (-1, 0);
        Walk(schema);
        if (_seen == 0) return null;
        (_target, _seen) = (random.Next(_seen), 0);
        Schema changed = Walk(schema);
        return _done ? changed : null;
    }

    private Schema Walk(Schema schema) => new(schema.Fields.Select(f => Walk(f)).ToArray(), schema.Metadata);

    private Field Walk(Field field, bool isNamed = true, bool isFlagged = true, bool isAnnotated = true)
    {
        bool mine = _seen++ == _target;
        if (mine)
        {
            _done = true;
            switch (random.Next(4))
            {
                case 0 when isNamed:
                    return new Field(field.Name + "'", field.Type, field.IsNullable, field.Metadata);
                case 1 when isFlagged && !field.IsNullable:
                    return new Field(field.Name, field.Type, true, field.Metadata);
                case 2 when isAnnotated:
                    return new Field(field.Name, field.Type, field.IsNullable,
                        [.. field.Metadata, new("another", "one")]);
                default:
                    ArrowType altered = Altered(field.Type);
                    _done = !altered.Equals(field.Type);
                    return new Field(field.Name, altered, field.IsNullable, field.Metadata);
            }
        }

        return new Field(field.Name, Walk(field.Type), field.IsNullable, field.Metadata);
    }

    private ArrowType Walk(ArrowType type) => type switch
    {
        ListType l => new ListType(Walk(l.Item, isNamed: false), l.Id),
        FixedSizeListType l => new FixedSizeListType(Walk(l.Item, isNamed: false), l.ListSize),
        MapType m => new MapType(
            Walk(m.Entries.Type.Children[0], isNamed: false, isFlagged: false),
            Walk(m.Entries.Type.Children[1], isNamed: false), m.KeysSorted),
        StructType s => new StructType([.. s.Children.Select(f => Walk(f))]),
        UnionType u => new UnionType(u.Id, [.. u.Children.Select(f => Walk(f))], u.TypeCodes),
        RunEndEncodedType r => new RunEndEncodedType(r.RunEnds,
            Walk(r.Values, isNamed: false, isFlagged: false, isAnnotated: false)),
        DictionaryType d => new DictionaryType(d.IndexType, Walk(d.ValueType), d.IsOrdered),
        _ => type,
    };

    private ArrowType Altered(ArrowType type) => type switch
    {
        DecimalType d => random.Next(2) == 0
            ? new DecimalType(d.BitWidth, d.Precision + (d.Precision > 1 ? -1 : 1), d.Scale)
            : new DecimalType(d.BitWidth, d.Precision, d.Scale + 1),
        TimeType { Id: ArrowTypeId.Duration } t => TimeType.Duration((TimeUnit)(((int)t.Unit + 1) % 4)),
        TimeType t => TimeType.TimeOfDay((TimeUnit)((int)t.Unit ^ 1)),
        TimestampType t => random.Next(2) == 0
            ? new TimestampType((TimeUnit)(((int)t.Unit + 1) % 4), t.TimeZone)
            : new TimestampType(t.Unit, t.TimeZone + "x"),
        MapType m => new MapType(m.Entries, !m.KeysSorted),
        UnionType u => Recoded(u),
        DictionaryType d => random.Next(2) == 0
            ? new DictionaryType(d.IndexType, d.ValueType, !d.IsOrdered)
            : new DictionaryType(
                d.IndexType.Equals(ArrowType.Int16) ? ArrowType.UInt16 : ArrowType.Int16, d.ValueType, d.IsOrdered),
        RunEndEncodedType r => new RunEndEncodedType(
            new Field("run_ends", r.RunEnds.Type.Equals(ArrowType.Int32) ? ArrowType.Int64 : ArrowType.Int32, false),
            r.Values),
        ListType l => new ListType(l.Item, l.Id == ArrowTypeId.LargeListView ? ArrowTypeId.List : l.Id + 1),
        _ => Plain(type),
    };

    private static UnionType Recoded(UnionType union)
    {
        sbyte[] codes = union.TypeCodes.ToArray();
        codes[^1] = (sbyte)Enumerable.Range(0, 128).First(c => !codes.Contains((sbyte)c));
        return new UnionType(union.Id, [.. union.Children], codes);
    }

    private static ArrowType Plain(ArrowType type) => type.Id switch
    {
        ArrowTypeId.Int8 => ArrowType.UInt8,
        ArrowTypeId.UInt8 => ArrowType.Int8,
        ArrowTypeId.Int16 or ArrowTypeId.Float16 => ArrowType.UInt16,
        ArrowTypeId.UInt16 => ArrowType.Int16,
        ArrowTypeId.Int32 or ArrowTypeId.Float32 or ArrowTypeId.Date32 or ArrowTypeId.IntervalYearMonth =>
            ArrowType.UInt32,
        ArrowTypeId.UInt32 => ArrowType.Int32,
        ArrowTypeId.Int64 or ArrowTypeId.Float64 or ArrowTypeId.Date64 or ArrowTypeId.IntervalDayTime =>
            ArrowType.UInt64,
        ArrowTypeId.UInt64 => ArrowType.Int64,
        ArrowTypeId.Utf8 => ArrowType.Binary,
        ArrowTypeId.Utf8View => ArrowType.BinaryView,
        ArrowTypeId.LargeUtf8 => ArrowType.LargeBinary,
        ArrowTypeId.Binary => ArrowType.LargeBinary,
        ArrowTypeId.LargeBinary => ArrowType.BinaryView,
        ArrowTypeId.BinaryView => ArrowType.Binary,
        _ => type,
    };
}
