using A = Apache.Arrow;
using T = Apache.Arrow.Types;

namespace ArrowCid.Columnar;

/// <summary>Schemas, fields and types as those of Apache.Arrow.</summary>
internal static class ToApacheType
{
    /// <summary>The schema, made once and kept with this one.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow has no such
    /// schema.</exception>
    public static A.Schema Schema(Schema schema) => Known(schema) switch
    {
        A.Schema known => known,
        var refused => throw new ArrowCidException(ErrorCode.Unsupported, ((ArrowCidException)refused).Message),
    };

    /// <summary>A field of a schema, also where Apache.Arrow cannot carry another one of it.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: it cannot carry this one.</exception>
    public static A.Field FieldAt(Schema schema, int index) =>
        Known(schema) is A.Schema known ? known.GetFieldByIndex(index) : Field(schema.Fields[index], null);

    /// <summary>The schema of Apache.Arrow, or the error that says why there is none.</summary>
    private static object Known(Schema schema)
    {
        if (Volatile.Read(ref schema.Apache) is { } known) return known;
        object made;
        try
        {
            made = new A.Schema(Fields(schema.Fields, null), Metadata(schema.Metadata, null));
        }
        catch (ArrowCidException e)
        {
            made = e;
        }

        return Interlocked.CompareExchange(ref schema.Apache, made, null) ?? made;
    }

    /// <summary>A field on its own.</summary>
    public static A.Field Field(Field field) => Field(field, null);

    /// <summary>The error for data that Apache.Arrow has no object for.</summary>
    public static ArrowCidException NotCarried(string what, FieldPath? path)
    {
        string where = path is null ? "" : $"field '{path}': ";
        return new ArrowCidException(ErrorCode.Unsupported, $"{where}Apache.Arrow cannot carry {what}; read the " +
            "canonical bytes (Block of a lease), or export the batch through the C Data Interface");
    }

    private static A.Field Field(Field field, FieldPath? parent)
    {
        var path = new FieldPath(parent, field.Name);
        return new A.Field(field.Name, Type(field.Type, path), field.IsNullable, Metadata(field.Metadata, path));
    }

    private static List<A.Field> Fields(IReadOnlyList<Field> fields, FieldPath? parent)
    {
        var made = new List<A.Field>(fields.Count);
        for (int i = 0; i < fields.Count; i++) made.Add(Field(fields[i], parent));
        return made;
    }

    private static Dictionary<string, string>? Metadata(
        IReadOnlyList<KeyValuePair<string, string>> pairs, FieldPath? path)
    {
        if (pairs.Count == 0) return null;
        var made = new Dictionary<string, string>(pairs.Count, StringComparer.Ordinal);
        foreach ((string key, string value) in pairs)
        {
            if (!made.TryAdd(key, value)) throw NotCarried($"the metadata key '{key}' twice", path);
        }

        return made;
    }

    /// <summary>A type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="path">The field, for errors.</param>
    public static T.IArrowType Type(ArrowType type, FieldPath? path) => type switch
    {
        NestedType nested => Nested(nested, path),
        DictionaryType d => new T.DictionaryType(Type(d.IndexType, path), Type(d.ValueType, path), d.IsOrdered),
        DecimalType d => Decimal(d),
        TimeType { Id: ArrowTypeId.Time32 } t => new T.Time32Type((T.TimeUnit)t.Unit),
        TimeType { Id: ArrowTypeId.Time64 } t => new T.Time64Type((T.TimeUnit)t.Unit),
        TimeType t => Duration(t.Unit),
        TimestampType t => new T.TimestampType((T.TimeUnit)t.Unit, t.TimeZone),
        FixedSizeBinaryType { ByteWidth: 0 } => throw NotCarried("fixed_size_binary(0)", path),
        FixedSizeBinaryType f => new T.FixedSizeBinaryType(f.ByteWidth),
        _ => Plain(type.Id),
    };

    private static T.IArrowType Nested(NestedType type, FieldPath? path)
    {
        if (type.Children.Count == 0)
            throw NotCarried(type is UnionType ? "a union without fields" : "a struct without fields", path);
        if (type is FixedSizeListType { ListSize: 0 }) throw NotCarried("fixed_size_list(0)", path);
        List<A.Field> children = Fields(type.Children, path);
        return type switch
        {
            StructType => new T.StructType(children),
            ListType { Id: ArrowTypeId.List } => new T.ListType(children[0]),
            ListType { Id: ArrowTypeId.LargeList } => new T.LargeListType(children[0]),
            ListType { Id: ArrowTypeId.ListView } => new T.ListViewType(children[0]),
            ListType => new T.LargeListViewType(children[0]),
            FixedSizeListType f => new T.FixedSizeListType(children[0], f.ListSize),
            MapType m => new T.MapType(children[0], m.KeysSorted),
            UnionType u => new T.UnionType(children, Codes(u),
                u.Id == ArrowTypeId.DenseUnion ? T.UnionMode.Dense : T.UnionMode.Sparse),
            _ => new T.RunEndEncodedType(children[0], children[1]),
        };
    }

    private static int[] Codes(UnionType union)
    {
        var codes = new int[union.TypeCodes.Length];
        for (int i = 0; i < codes.Length; i++) codes[i] = union.TypeCodes[i];
        return codes;
    }

    private static T.IArrowType Decimal(DecimalType type) => type.BitWidth switch
    {
        32 => new T.Decimal32Type(type.Precision, type.Scale),
        64 => new T.Decimal64Type(type.Precision, type.Scale),
        128 => new T.Decimal128Type(type.Precision, type.Scale),
        _ => new T.Decimal256Type(type.Precision, type.Scale),
    };

    private static T.DurationType Duration(TimeUnit unit) => unit switch
    {
        TimeUnit.Second => T.DurationType.Second,
        TimeUnit.Millisecond => T.DurationType.Millisecond,
        TimeUnit.Microsecond => T.DurationType.Microsecond,
        _ => T.DurationType.Nanosecond,
    };

    private static T.IArrowType Plain(ArrowTypeId id) => id switch
    {
        ArrowTypeId.Null => T.NullType.Default,
        ArrowTypeId.Boolean => T.BooleanType.Default,
        ArrowTypeId.Int8 => T.Int8Type.Default,
        ArrowTypeId.Int16 => T.Int16Type.Default,
        ArrowTypeId.Int32 => T.Int32Type.Default,
        ArrowTypeId.Int64 => T.Int64Type.Default,
        ArrowTypeId.UInt8 => T.UInt8Type.Default,
        ArrowTypeId.UInt16 => T.UInt16Type.Default,
        ArrowTypeId.UInt32 => T.UInt32Type.Default,
        ArrowTypeId.UInt64 => T.UInt64Type.Default,
        ArrowTypeId.Float16 => T.HalfFloatType.Default,
        ArrowTypeId.Float32 => T.FloatType.Default,
        ArrowTypeId.Float64 => T.DoubleType.Default,
        ArrowTypeId.Date32 => T.Date32Type.Default,
        ArrowTypeId.Date64 => T.Date64Type.Default,
        ArrowTypeId.IntervalYearMonth => T.IntervalType.YearMonth,
        ArrowTypeId.IntervalDayTime => T.IntervalType.DayTime,
        ArrowTypeId.IntervalMonthDayNano => T.IntervalType.MonthDayNanosecond,
        ArrowTypeId.Utf8 => T.StringType.Default,
        ArrowTypeId.LargeUtf8 => T.LargeStringType.Default,
        ArrowTypeId.Utf8View => T.StringViewType.Default,
        ArrowTypeId.Binary => T.BinaryType.Default,
        ArrowTypeId.LargeBinary => T.LargeBinaryType.Default,
        ArrowTypeId.BinaryView => T.BinaryViewType.Default,
        _ => throw new ArrowCidException(ErrorCode.Internal, $"no type of Apache.Arrow for {id}"),
    };
}
