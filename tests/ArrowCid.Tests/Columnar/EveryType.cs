using System.Text.Json;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Columnar;

/// <summary>Arrays of every type, made by the builders, with their slots as a JSON array.</summary>
internal static class EveryType
{
    private static readonly ArrowType s_pair = new StructType(
        new Field("a", ArrowType.Int32), new Field("b", ArrowType.Utf8));

    public static readonly (string Name, Func<ArrowArray> Make, string Json)[] Cases =
    [
        ("null", () => Built(ArrowType.Null, (ArrowArrayBuilder b) => { b.AppendNull(); b.AppendNull(); }),
            """[null,null]"""),
        ("bool", () => Fixed<bool>(ArrowType.Boolean, true, null, false), """[true,null,false]"""),
        ("int8", () => Fixed<sbyte>(ArrowType.Int8, -128, null, 127), """[-128,null,127]"""),
        ("int16", () => Fixed<short>(ArrowType.Int16, -32768, null, 7), """[-32768,null,7]"""),
        ("int32", () => Fixed<int>(ArrowType.Int32, int.MinValue, null, 7), """[-2147483648,null,7]"""),
        ("int64", () => Fixed<long>(ArrowType.Int64, long.MinValue, null, 7), """[-9223372036854775808,null,7]"""),
        ("uint8", () => Fixed<byte>(ArrowType.UInt8, 255, null, 7), """[255,null,7]"""),
        ("uint16", () => Fixed<ushort>(ArrowType.UInt16, 65535, null, 7), """[65535,null,7]"""),
        ("uint32", () => Fixed<uint>(ArrowType.UInt32, uint.MaxValue, null, 7), """[4294967295,null,7]"""),
        ("uint64", () => Fixed<ulong>(ArrowType.UInt64, ulong.MaxValue, null, 7), """[18446744073709551615,null,7]"""),
        ("float16", () => Fixed<Half>(ArrowType.Float16, (Half)1.5, null, Half.NaN), """[1.5,null,"NaN"]"""),
        ("float32", () => Fixed<float>(ArrowType.Float32, 0.1f, null, float.PositiveInfinity),
            """[0.1,null,"Infinity"]"""),
        ("float64", () => Fixed<double>(ArrowType.Float64, -0.0, null, double.NegativeInfinity),
            """[-0,null,"-Infinity"]"""),
        ("decimal32", () => Fixed<int>(new DecimalType(32, 9, 2), -5, null, 12345), """["-0.05",null,"123.45"]"""),
        ("decimal64", () => Fixed<long>(new DecimalType(64, 18, -2), 125, null, 0), """["12500",null,"0"]"""),
        ("decimal128", () => Fixed<Int128>(new DecimalType(128, 38, 0), Int128.MinValue, null, 7),
            """["-170141183460469231731687303715884105728",null,"7"]"""),
        ("decimal256", Decimal256, """["1.000",null,"-0.001"]"""),
        ("date32", () => Fixed<int>(ArrowType.Date32, 19782, null, -719529, int.MaxValue),
            """["2024-02-29",null,"-0001-12-31","+5881580-07-11"]"""),
        ("date64", () => Fixed<long>(ArrowType.Date64, 86400000L * 19782, null, -1),
            """["2024-02-29",null,"1969-12-31T23:59:59.999"]"""),
        ("time32[s]", () => Fixed<int>(TimeType.TimeOfDay(TimeUnit.Second), 3661, null, -1),
            """["01:01:01",null,"-00:00:01"]"""),
        ("time32[ms]", () => Fixed<int>(TimeType.TimeOfDay(TimeUnit.Millisecond), 3661500, null),
            """["01:01:01.500",null]"""),
        ("time64[us]", () => Fixed<long>(TimeType.TimeOfDay(TimeUnit.Microsecond), 1, null),
            """["00:00:00.000001",null]"""),
        ("time64[ns]", () => Fixed<long>(TimeType.TimeOfDay(TimeUnit.Nanosecond), 1, null, long.MinValue),
            """["00:00:00.000000001",null,"-2562047:47:16.854775808"]"""),
        ("timestamp[s]", () => Fixed<long>(new TimestampType(TimeUnit.Second), 0, null, long.MinValue),
            """["1970-01-01T00:00:00",null,"-292277022657-01-27T08:29:52"]"""),
        ("timestamp[ms]", () => Fixed<long>(new TimestampType(TimeUnit.Millisecond), -1, null),
            """["1969-12-31T23:59:59.999",null]"""),
        ("timestamp[us]", () => Fixed<long>(new TimestampType(TimeUnit.Microsecond, "UTC"), 1_000_001, null),
            """["1970-01-01T00:00:01.000001Z",null]"""),
        ("timestamp[ns]", () =>
            Fixed<long>(new TimestampType(TimeUnit.Nanosecond, "Europe/Berlin"), long.MaxValue, null),
            """["2262-04-11T23:47:16.854775807Z",null]"""),
        ("duration", () => Fixed<long>(TimeType.Duration(TimeUnit.Millisecond), 1500, null, -1),
            """["PT1.500S",null,"PT-0.001S"]"""),
        ("interval ym", () => Fixed<int>(ArrowType.IntervalYearMonth, 14, null), """["P14M",null]"""),
        ("interval dt", () => Fixed<DayTimeInterval>(ArrowType.IntervalDayTime, new DayTimeInterval(-1, 500), null),
            """["P-1DT0.500S",null]"""),
        ("interval mdn", () =>
            Fixed<MonthDayNanoInterval>(ArrowType.IntervalMonthDayNano, new MonthDayNanoInterval(1, -2, 3), null),
            """["P1M-2DT0.000000003S",null]"""),
        .. Each([ArrowType.Utf8, ArrowType.LargeUtf8, ArrowType.Utf8View], Texts,
            """["",null,"a\"b\\\n","über zwölf Zeichen 🙂","twelve bytes"]"""),
        .. Each([ArrowType.Binary, ArrowType.LargeBinary, ArrowType.BinaryView], Binaries,
            """["",null,"AP8=","AAAAAAAAAAAAAAAAAAAAAAAAAAA="]"""),
        ("fixed binary", () =>
            Built(new FixedSizeBinaryType(2), (BytesBuilder b) => { b.Append([0, 255]); b.AppendNull(); }),
            """["AP8=",null]"""),
        .. Each([ArrowTypeId.List, ArrowTypeId.LargeList, ArrowTypeId.ListView, ArrowTypeId.LargeListView], Lists,
            """[[1,null],null,[],[3]]"""),
        ("fixed list", FixedLists, """[[1,2],null,[null,4]]"""),
        ("struct", Structs, """[{"a":1,"b":"x"},null,{"a":null,"b":"y"}]"""),
        ("map", Maps, """[[["k",1],["l",null]],null,[]]"""),
        .. Each([ArrowTypeId.SparseUnion, ArrowTypeId.DenseUnion], Unions, """[1,"x",null,"y",2]"""),
        .. Each([ArrowType.Int16, ArrowType.Int32, ArrowType.Int64], Runs, """["a","a",null,"b","b","b"]"""),
        .. Each(
            [
                ArrowType.Int8, ArrowType.Int16, ArrowType.Int32, ArrowType.Int64,
                ArrowType.UInt8, ArrowType.UInt16, ArrowType.UInt32, ArrowType.UInt64,
            ], Words, """["y","x",null,"y"]"""),
        ("dictionary of structs", Entries, """[{"a":2,"b":"q"},null,null,{"a":1,"b":"p"}]"""),
        ("list of dictionaries", NestedWords, """[["x","x",null],["y"]]"""),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(item => item.Name)];

    public static (ArrowArray Array, string[] Json) Get(string name)
    {
        (_, Func<ArrowArray> make, string json) = Cases.Single(item => item.Name == name);
        using JsonDocument document = JsonDocument.Parse(json);
        return (make(), [.. document.RootElement.EnumerateArray().Select(item => item.GetRawText())]);
    }

    private static IEnumerable<(string Name, Func<ArrowArray> Make, string Json)> Each<T>(
        T[] kinds, Func<T, ArrowArray> make, string json) =>
        kinds.Select(kind => ($"{make(kind).Type}", (Func<ArrowArray>)(() => make(kind)), json));

    public static ArrowArray Built<T>(ArrowType type, Action<T> fill) where T : ArrowArrayBuilder
    {
        ArrowArrayBuilder builder = ArrowArrayBuilder.For(type);
        fill((T)builder);
        return builder.Build();
    }

    public static ArrowArray Fixed<T>(ArrowType type, params T?[] values) where T : unmanaged =>
        Built(type, (FixedBuilder<T> b) =>
        {
            foreach (T? value in values) b.Append(value);
        });

    public static ArrowArray Texts(ArrowType type) => Built(type, (BytesBuilder b) =>
        b.AppendRange("", null, "a\"b\\\n", "über zwölf Zeichen 🙂", "twelve bytes"));

    private static ArrowArray Binaries(ArrowType type) => Built(type, (BytesBuilder b) =>
    {
        b.Append([]);
        b.AppendNull();
        b.Append([0, 255]);
        b.Append(new byte[20]);
    });

    private static ArrowArray Decimal256()
    {
        var builder = new FixedBuilder<decimal>(new DecimalType(256, 76, 3));
        builder.Append(1m);
        builder.AppendNull();
        builder.Append(-0.001m);
        return builder.Build();
    }

    public static ArrowArray Lists(ArrowTypeId id) =>
        Built(new ListType(new Field("item", ArrowType.Int32), id), (ListBuilder b) =>
    {
        var items = (FixedBuilder<int>)b.Items;
        items.Append(1);
        items.AppendNull();
        b.Append();
        b.AppendNull();
        b.Append();
        items.Append(3);
        b.Append();
    });

    private static ArrowArray FixedLists() =>
        Built(new FixedSizeListType(new Field("item", ArrowType.Int32), 2), (ListBuilder b) =>
    {
        var items = (FixedBuilder<int>)b.Items;
        items.AppendRange([1, 2]);
        b.Append();
        b.AppendNull();
        items.AppendNull();
        items.Append(4);
        b.Append();
    });

    public static ArrowArray Structs() => Built(s_pair, (StructBuilder b) =>
    {
        AppendPair(b, 1, "x");
        b.AppendNull();
        AppendPair(b, null, "y");
    });

    private static void AppendPair(StructBuilder builder, int? a, string b)
    {
        ((FixedBuilder<int>)builder[0]).Append(a);
        ((BytesBuilder)builder[1]).Append(b);
        builder.Append();
    }

    private static ArrowArray Maps()
    {
        var type = new MapType(new Field("key", ArrowType.Utf8, nullable: false), new Field("value", ArrowType.Int32));
        return Built(type, (ListBuilder b) =>
        {
            var entries = (StructBuilder)b.Items;
            ((BytesBuilder)entries[0]).Append("k");
            ((FixedBuilder<int>)entries[1]).Append(1);
            entries.Append();
            ((BytesBuilder)entries[0]).Append("l");
            entries[1].AppendNull();
            entries.Append();
            b.Append();
            b.AppendNull();
            b.Append();
        });
    }

    public static ArrowArray Unions(ArrowTypeId id)
    {
        var numbers = new FixedBuilder<int>();
        var texts = new BytesBuilder();
        var type = new UnionType(id, [new Field("i", ArrowType.Int32), new Field("s", ArrowType.Utf8)], [5, 9]);
        var union = new UnionBuilder(type, numbers, texts);
        numbers.Append(1);
        union.Append(0);
        texts.Append("x");
        union.Append(1);
        union.AppendNull();
        texts.Append("y");
        union.Append(1);
        numbers.Append(2);
        union.Append(0);
        return union.Build();
    }

    public static ArrowArray Runs(ArrowType ends)
    {
        var values = new BytesBuilder();
        var runs = new RunEndBuilder(new RunEndEncodedType(ends, ArrowType.Utf8), values);
        values.Append("a");
        runs.Append(2);
        runs.AppendNull();
        values.Append("b");
        runs.Append(3);
        return runs.Build();
    }

    private static ArrowArray Words(ArrowType index) =>
        Built(new DictionaryType(index, ArrowType.Utf8), (DictionaryBuilder b) =>
    {
        b.Append("y");
        b.Append("x"u8);
        b.AppendNull();
        b.Append("y");
    });

    private static ArrowArray Entries()
    {
        var entries = new StructBuilder((StructType)s_pair);
        var dictionary = new DictionaryBuilder(new DictionaryType(ArrowType.Int16, s_pair, isOrdered: true), entries);
        AppendPair(entries, 1, "p");
        entries.AppendNull();
        AppendPair(entries, 2, "q");
        dictionary.AppendIndex(2);
        dictionary.AppendIndex(1);
        dictionary.AppendNull();
        dictionary.AppendIndex(0);
        return dictionary.Build();
    }

    private static ArrowArray NestedWords()
    {
        var words = new DictionaryBuilder(new DictionaryType(ArrowType.Int8, ArrowType.Utf8));
        var lists = new ListBuilder(words);
        words.Append("x");
        words.Append("x");
        words.AppendNull();
        lists.Append();
        words.Append("y");
        lists.Append();
        return lists.Build();
    }
}
