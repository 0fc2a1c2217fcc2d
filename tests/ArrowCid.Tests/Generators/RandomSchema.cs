using ArrowCid.Columnar;
using ArrowCid.Tests.Canonical;

namespace ArrowCid.Tests.Generators;

/// <summary>Schemas at random: every type, nested up to a depth, with the flags, names and metadata that Arrow
/// allows.</summary>
/// <param name="random">Where chance comes from.</param>
/// <param name="hasPlainNames">Whether each field has a name that is a word and no other field's.</param>
internal sealed class RandomSchema(Random random, bool hasPlainNames = false)
{
    public const int MaxDepth = 5;

    private static readonly string[] s_names = ["a", "b", "price", "", "naïve", "日本", "x.y", "a b", "𝄞 clef", "ﬃ"];
    private static readonly string[] s_keys = ["k", "a", "Z", "é", "￿", "😀", "unit"];
    private static readonly ArrowTypeId[] s_all = Enum.GetValues<ArrowTypeId>();
    private static readonly ArrowTypeId[] s_flat = [.. s_all.Where(id => id < ArrowTypeId.List)];

    private int _names;

    public Schema Next()
    {
        int fields = random.Next(30) == 0 ? 0 : random.Next(1, 5);
        return new Schema([.. Enumerable.Range(0, fields).Select(_ => NextField(1))], Metadata());
    }

    /// <summary>Whether the type has any value but null.</summary>
    public static bool HasValues(ArrowType type) => type switch
    {
        DictionaryType d => HasValues(d.ValueType),
        RunEndEncodedType r => HasValues(r.Values.Type),
        _ => type.Id != ArrowTypeId.Null,
    };

    /// <summary>Whether a slot of the type can be null in its own column.</summary>
    public static bool HoldsNulls(ArrowType type) => type switch
    {
        UnionType => false,
        RunEndEncodedType r => HoldsNulls(r.Values.Type),
        _ => true,
    };

    public Shape ShapeOf(ArrowType type, RandomValues values)
    {
        var shape = type is DictionaryType d
            ? new Shape([], ShapeOf(d.ValueType, values)) { NullRate = Rate(), RepeatRate = random.NextDouble() * 0.6 }
            : new Shape([.. type.Children.Select(f => ShapeOf(f.Type, values))])
            {
                NullRate = Rate(),
                RepeatRate = type is RunEndEncodedType ? 0.6 : random.NextDouble() * 0.5,
            };
        if (type is not DictionaryType dictionary || !HasValues(dictionary.ValueType)) return shape;
        int entries = random.Next(1, 9);
        for (int i = 0; i < entries; i++)
        {
            Value entry = values.Valid(dictionary.ValueType, shape.Values!);
            if (entry.IsValid) shape.Entries.Add(entry);
        }

        if (dictionary.IsOrdered && random.Next(3) == 0 && HoldsNulls(dictionary.ValueType))
            shape.Entries.Insert(random.Next(shape.Entries.Count + 1), Value.Null);
        return shape;
    }

    private double Rate() => random.Next(4) switch { 0 => 0, 1 => 0.6, _ => 0.2 };

    private Field NextField(int depth)
    {
        ArrowType type = NextType(depth);
        bool nullable = !HasValues(type) || random.Next(4) != 0;
        string name = Pick(s_names);
        return new Field(hasPlainNames ? $"f{_names++}" : name, type, nullable, Metadata(extension: true));
    }

    private Field Child(string name, int depth, bool mayBeNull = true)
    {
        Field field = NextField(depth);
        return new Field(name, field.Type, mayBeNull && field.IsNullable, field.Metadata);
    }

    private Field Key(int depth)
    {
        while (true)
        {
            Field key = Child("key", depth, mayBeNull: false);
            if (HasValues(key.Type)) return key;
        }
    }

    /// <summary>A type; where values are merged when they are equal, dictionaries come up more often.</summary>
    private ArrowType NextType(int depth, bool dictionaryValues = false, bool isInEntry = false)
    {
        // Half of the deeper picks nest again, so that the deepest level is reached often enough.
        ArrowTypeId id = isInEntry && random.Next(4) == 0 ? ArrowTypeId.Dictionary
            : depth >= MaxDepth ? Pick(s_flat)
            : random.Next(3) == 0 ? s_all[random.Next(s_flat.Length, s_all.Length)] : Pick(s_all);
        if (dictionaryValues && id == ArrowTypeId.Dictionary) id = ArrowTypeId.Utf8;
        return id >= ArrowTypeId.List ? Nested(id, depth) : Flat(id);
    }

    private ArrowType Nested(ArrowTypeId id, int depth)
    {
        switch (id)
        {
            case ArrowTypeId.FixedSizeList:
                return new FixedSizeListType(Child("item", depth + 1), random.Next(4));
            case ArrowTypeId.Struct:
                return new StructType([.. Enumerable.Range(0, random.Next(12) == 0 ? 0 : random.Next(1, 4))
                    .Select(_ => NextField(depth + 1))]);
            case ArrowTypeId.Map:
                return depth + 2 > MaxDepth
                    ? Flat(ArrowTypeId.Utf8)
                    : new MapType(Key(depth + 2), Child("value", depth + 2), random.Next(2) == 0);
            case ArrowTypeId.SparseUnion or ArrowTypeId.DenseUnion:
                Field[] children = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => NextField(depth + 1))];
                sbyte[] codes = [.. Enumerable.Range(0, 128).OrderBy(_ => random.Next()).Take(children.Length)
                    .Select(c => (sbyte)c)];
                return new UnionType(id, children, random.Next(3) == 0 ? default : codes);
            case ArrowTypeId.RunEndEncoded:
                return new RunEndEncodedType(
                    Pick<ArrowType>([ArrowType.Int16, ArrowType.Int32, ArrowType.Int64]),
                    NextType(depth + 1, isInEntry: true));
            case ArrowTypeId.Dictionary:
                ArrowType index = Pick<ArrowType>([ArrowType.Int8, ArrowType.Int16, ArrowType.Int32, ArrowType.Int64,
                    ArrowType.UInt8, ArrowType.UInt16, ArrowType.UInt32, ArrowType.UInt64]);
                return new DictionaryType(index, EntryType(depth), random.Next(3) == 0);
            default:
                return new ListType(Child("item", depth + 1), id);
        }
    }

    /// <summary>The type of a dictionary's values, now and then one that holds another dictionary.</summary>
    private ArrowType EntryType(int depth)
    {
        if (depth >= MaxDepth || random.Next(5) != 0) return NextType(depth, dictionaryValues: true);
        var inner = new Field("item", Nested(ArrowTypeId.Dictionary, depth + 1));
        return random.Next(2) == 0 ? new ListType(inner) : new StructType(inner);
    }

    private ArrowType Flat(ArrowTypeId id) => id switch
    {
        ArrowTypeId.Decimal32 => new DecimalType(32, random.Next(1, 10), random.Next(-2, 9)),
        ArrowTypeId.Decimal64 => new DecimalType(64, random.Next(1, 19), random.Next(-2, 9)),
        ArrowTypeId.Decimal128 => new DecimalType(128, random.Next(1, 39), random.Next(-2, 9)),
        ArrowTypeId.Decimal256 => new DecimalType(256, random.Next(1, 77), random.Next(-2, 9)),
        ArrowTypeId.Time32 => TimeType.TimeOfDay((TimeUnit)random.Next(2)),
        ArrowTypeId.Time64 => TimeType.TimeOfDay((TimeUnit)random.Next(2, 4)),
        ArrowTypeId.Duration => TimeType.Duration((TimeUnit)random.Next(4)),
        ArrowTypeId.Timestamp =>
            new TimestampType((TimeUnit)random.Next(4), Pick([null, "UTC", "+02:00", "Europe/Zürich"])),
        ArrowTypeId.FixedSizeBinary => new FixedSizeBinaryType(Pick([0, 1, 3, 16])),
        _ => s_plain[id],
    };

    private KeyValuePair<string, string>[] Metadata(bool extension = false)
    {
        List<KeyValuePair<string, string>> pairs = [];
        if (random.Next(5) == 0)
            pairs.AddRange(s_keys.OrderBy(_ => random.Next()).Take(random.Next(1, 4))
                .Select(k => KeyValuePair.Create(k, Pick(s_names))));
        if (extension && random.Next(12) == 0)
        {
            pairs.Add(new("ARROW:extension:name", "test.thing"));
            if (random.Next(2) == 0) pairs.Add(new("ARROW:extension:metadata", Pick(["", "{}"])));
        }

        return [.. pairs];
    }

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];

    private static readonly Dictionary<ArrowTypeId, ArrowType> s_plain = new ArrowType[]
    {
        ArrowType.Null, ArrowType.Boolean, ArrowType.Int8, ArrowType.Int16, ArrowType.Int32, ArrowType.Int64,
        ArrowType.UInt8, ArrowType.UInt16, ArrowType.UInt32, ArrowType.UInt64, ArrowType.Float16, ArrowType.Float32,
        ArrowType.Float64, ArrowType.Date32, ArrowType.Date64, ArrowType.IntervalYearMonth, ArrowType.IntervalDayTime,
        ArrowType.IntervalMonthDayNano, ArrowType.Utf8, ArrowType.LargeUtf8, ArrowType.Utf8View, ArrowType.Binary,
        ArrowType.LargeBinary, ArrowType.BinaryView,
    }.ToDictionary(type => type.Id);
}
