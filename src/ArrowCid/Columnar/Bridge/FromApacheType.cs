using System.Runtime.CompilerServices;
using A = Apache.Arrow;
using T = Apache.Arrow.Types;

namespace ArrowCid.Columnar;

/// <summary>Schemas, fields and types of Apache.Arrow as the encoder reads them.</summary>
internal static class FromApacheType
{
    // What is made of a schema keeps what the encoder derives from it: a program puts many batches under one schema.
    private static readonly ConditionalWeakTable<A.Schema, Schema> s_schemas = [];

    /// <summary>The schema, made once for each object.</summary>
    /// <exception cref="InvalidArrowException">A type that ArrowCid does not know.</exception>
    public static Schema Schema(A.Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (s_schemas.TryGetValue(schema, out Schema? known)) return known;
        var made = new Schema(schema.FieldsList.Select(field => Field(field, null)), schema.Metadata);
        return s_schemas.GetValue(schema, _ => made);
    }

    /// <summary>A type on its own, without the name of an extension.</summary>
    public static ArrowType Type(T.IArrowType type) => Type(type, null);

    /// <summary>The storage type where it is an extension type, else the type itself.</summary>
    public static T.IArrowType Storage(T.IArrowType type)
    {
        while (type is A.ExtensionType extension) type = extension.StorageType;
        return type;
    }

    private static Field Field(A.Field field, FieldPath? parent)
    {
        var path = new FieldPath(parent, field.Name);
        IEnumerable<KeyValuePair<string, string>>? metadata = field.Metadata;
        if (Extension(field.DataType) is { } extension) metadata = Named(extension, metadata ?? []);
        return new Field(field.Name, Type(field.DataType, path), field.IsNullable, metadata);
    }

    /// <summary>The extension of a field, or of the values of its dictionary: Arrow writes both to the
    /// field.</summary>
    private static A.ExtensionType? Extension(T.IArrowType type) =>
        type as A.ExtensionType ?? (type as T.DictionaryType)?.ValueType as A.ExtensionType;

    private static IEnumerable<KeyValuePair<string, string>> Named(
        A.ExtensionType extension, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        foreach (KeyValuePair<string, string> pair in metadata)
        {
            if (pair.Key is not (Columnar.Field.ExtensionNameKey or Columnar.Field.ExtensionMetadataKey))
                yield return pair;
        }

        yield return new(Columnar.Field.ExtensionNameKey, extension.Name);
        if (!string.IsNullOrEmpty(extension.ExtensionMetadata))
            yield return new(Columnar.Field.ExtensionMetadataKey, extension.ExtensionMetadata);
    }

    private static ArrowType Type(T.IArrowType type, FieldPath? path)
    {
        type = Storage(type);
        return type switch
        {
            T.DictionaryType d => Made(path, () =>
                new DictionaryType(Type(d.IndexType, path), Type(d.ValueType, path), d.Ordered)),
            T.NestedType nested => Nested(nested, path),
            T.Decimal32Type d => Decimal(32, d.Precision, d.Scale, path),
            T.Decimal64Type d => Decimal(64, d.Precision, d.Scale, path),
            T.Decimal128Type d => Decimal(128, d.Precision, d.Scale, path),
            T.Decimal256Type d => Decimal(256, d.Precision, d.Scale, path),
            T.FixedSizeBinaryType f => new FixedSizeBinaryType(f.ByteWidth),
            T.TimestampType t => Made(path, () => new TimestampType((TimeUnit)t.Unit, t.Timezone)),
            T.DurationType t => TimeType.Duration((TimeUnit)t.Unit),
            T.Time32Type { Unit: T.TimeUnit.Microsecond or T.TimeUnit.Nanosecond }
                or T.Time64Type { Unit: T.TimeUnit.Second or T.TimeUnit.Millisecond } =>
                throw new InvalidArrowException("a time of day has a unit that its width does not hold", path),
            T.TimeType t => Made(path, () => TimeType.TimeOfDay((TimeUnit)t.Unit)),
            T.IntervalType i => i.Unit switch
            {
                T.IntervalUnit.YearMonth => ArrowType.IntervalYearMonth,
                T.IntervalUnit.DayTime => ArrowType.IntervalDayTime,
                _ => ArrowType.IntervalMonthDayNano,
            },
            _ => Plain(type, path),
        };
    }

    private static ArrowType Nested(T.NestedType type, FieldPath? path)
    {
        Field[] children = [.. type.Fields.Select(field => Field(field, path))];
        return Made<ArrowType>(path, () => type switch
        {
            T.StructType => new StructType(children),
            T.MapType m => new MapType(children[0], m.KeySorted),
            T.ListType => new ListType(children[0]),
            T.LargeListType => new ListType(children[0], ArrowTypeId.LargeList),
            T.ListViewType => new ListType(children[0], ArrowTypeId.ListView),
            T.LargeListViewType => new ListType(children[0], ArrowTypeId.LargeListView),
            T.FixedSizeListType f => new FixedSizeListType(children[0], f.ListSize),
            T.UnionType u => new UnionType(
                u.Mode == T.UnionMode.Dense ? ArrowTypeId.DenseUnion : ArrowTypeId.SparseUnion, children, Codes(u)),
            T.RunEndEncodedType => new RunEndEncodedType(children[0], children[1]),
            _ => throw Unknown(type, path),
        });
    }

    private static sbyte[] Codes(T.UnionType union) =>
        Array.ConvertAll(union.TypeIds, code => code is >= 0 and <= sbyte.MaxValue
            ? (sbyte)code
            : throw new ArgumentException($"a union's type code is {code}, not 0 to 127"));

    private static DecimalType Decimal(int bits, int precision, int scale, FieldPath? path) =>
        Made(path, () => new DecimalType(bits, precision, scale));

    /// <summary>Our constructors refuse what the format does not have; that is the caller's data here.</summary>
    private static TType Made<TType>(FieldPath? path, Func<TType> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException)
        {
            throw new InvalidArrowException(e.Message, path, inner: e);
        }
    }

    private static InvalidArrowException Unknown(T.IArrowType type, FieldPath? path) =>
        new($"the type {type.Name} is not one of Arrow's", path, code: ErrorCode.Unsupported);

    private static ArrowType Plain(T.IArrowType type, FieldPath? path) => type.TypeId switch
    {
        T.ArrowTypeId.Null => ArrowType.Null,
        T.ArrowTypeId.Boolean => ArrowType.Boolean,
        T.ArrowTypeId.Int8 => ArrowType.Int8,
        T.ArrowTypeId.Int16 => ArrowType.Int16,
        T.ArrowTypeId.Int32 => ArrowType.Int32,
        T.ArrowTypeId.Int64 => ArrowType.Int64,
        T.ArrowTypeId.UInt8 => ArrowType.UInt8,
        T.ArrowTypeId.UInt16 => ArrowType.UInt16,
        T.ArrowTypeId.UInt32 => ArrowType.UInt32,
        T.ArrowTypeId.UInt64 => ArrowType.UInt64,
        T.ArrowTypeId.HalfFloat => ArrowType.Float16,
        T.ArrowTypeId.Float => ArrowType.Float32,
        T.ArrowTypeId.Double => ArrowType.Float64,
        T.ArrowTypeId.Date32 => ArrowType.Date32,
        T.ArrowTypeId.Date64 => ArrowType.Date64,
        T.ArrowTypeId.String => ArrowType.Utf8,
        T.ArrowTypeId.LargeString => ArrowType.LargeUtf8,
        T.ArrowTypeId.StringView => ArrowType.Utf8View,
        T.ArrowTypeId.Binary => ArrowType.Binary,
        T.ArrowTypeId.LargeBinary => ArrowType.LargeBinary,
        T.ArrowTypeId.BinaryView => ArrowType.BinaryView,
        _ => throw Unknown(type, path),
    };
}
