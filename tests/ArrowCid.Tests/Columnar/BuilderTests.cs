using ArrowCid.Columnar;

namespace ArrowCid.Tests.Columnar;

public class BuilderTests
{
    [Theory]
    [InlineData(32, 9), InlineData(64, 18), InlineData(128, 38), InlineData(256, 76)]
    public void Decimals_are_brought_to_the_scale_of_any_width(int bits, int precision)
    {
        var builder = new FixedBuilder<decimal>(new DecimalType(bits, precision, 2));
        builder.AppendRange([1.5m, -0.25m, 0m, 1234567m, 1.5000m]);
        Assert.Equal(
            ["\"1.50\"", "\"-0.25\"", "\"0.00\"", "\"1234567.00\"", "\"1.50\""], EveryTypeTests.Json(builder.Build()));
    }

    [Fact]
    public void A_decimal_that_does_not_fit_is_refused_and_nothing_appended()
    {
        var builder = new FixedBuilder<decimal>(new DecimalType(32, 4, 2));
        Assert.Throws<ArgumentException>(() => builder.Append(0.001m));
        Assert.Throws<ArgumentException>(() => builder.Append(100m));
        Assert.Throws<ArgumentException>(() => builder.Append(decimal.MaxValue));
        builder.Append(-99.99m);
        Assert.Equal(["\"-99.99\""], EveryTypeTests.Json(builder.Build()));
        var far = new FixedBuilder<decimal>(new DecimalType(256, int.MaxValue, int.MinValue));
        Assert.Throws<ArgumentException>(() => far.Append(1m));
        far.Append(0m);
        Assert.Equal(["\"0\""], EveryTypeTests.Json(far.Build()));
    }

    // Goal: the bitmap is made at the first null, wherever it comes. Method: every place of one null among 20 slots.
    [Fact]
    public void A_null_at_any_place_is_the_only_one()
    {
        for (int at = 0; at < 20; at++)
        {
            var builder = new FixedBuilder<short>();
            builder.AppendRange(new short[at]);
            builder.AppendNull();
            builder.AppendRange(new short[10]);
            for (int i = at + 11; i < 20; i++) builder.Append(1);
            ArrowArray array = builder.Build();
            Assert.Equal(1, array.NullCount);
            Assert.Equal([at], Enumerable.Range(0, array.Length).Where(array.IsNull));
        }
    }

    [Fact]
    public void Without_nulls_there_is_no_bitmap()
    {
        Assert.True(ArrowArray.From<int>(new[] { 1 }).Validity.IsEmpty);
        Assert.True(EveryType.Fixed<bool>(ArrowType.Boolean, true).Validity.IsEmpty);
    }

    [Fact]
    public void A_dictionary_stores_each_value_once_and_keeps_nulls_apart()
    {
        var values = new FixedBuilder<int>();
        var builder = new DictionaryBuilder(new DictionaryType(ArrowType.UInt16, ArrowType.Int32), values);
        values.AppendNull();
        values.Append(7);
        for (int i = 0; i < 1000; i++) builder.Append(i % 100);
        ArrowArray array = builder.Build();
        Assert.Equal(101, array.Dictionary!.Length);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (i % 100).ToString()), EveryTypeTests.Json(array));
        Assert.Equal(2, array.Values<ushort>()[0]);
        Assert.Equal(1, array.Values<ushort>()[7]);
    }

    [Fact]
    public void A_dictionary_with_a_null_before_values_that_come_and_go_reads_right()
    {
        var values = new BytesBuilder();
        var builder = new DictionaryBuilder(new DictionaryType(ArrowType.Int8, ArrowType.Utf8), values);
        values.AppendNull();
        builder.Append("");
        builder.Append("");
        values.AppendNull();
        builder.Append("x");
        builder.AppendIndex(0);
        ArrowArray array = builder.Build();
        Assert.Equal(["\"\"", "\"\"", "\"x\"", "null"], EveryTypeTests.Json(array));
        Assert.Equal(4, array.Dictionary!.Length);
    }

    [Fact]
    public void More_entries_than_indices_can_count_are_refused()
    {
        var builder = new DictionaryBuilder(new DictionaryType(ArrowType.Int8, ArrowType.Utf8));
        for (int i = 0; i < 128; i++) builder.Append($"{i}");
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<ArrowCidException>(() => builder.Append("one more")).Code);
        builder.Append("127");
        ArrowArray array = builder.Build();
        Assert.Equal(128, array.Dictionary!.Length);
        Assert.Equal("127", array.GetString(128));
        var runs = new RunEndBuilder(new RunEndEncodedType(ArrowType.Int16, ArrowType.Null));
        runs.Values.AppendNull();
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<ArrowCidException>(() => runs.Append(32768)).Code);
        runs.Append(32767);
        Assert.Throws<ArrowCidException>(runs.AppendNull);
        Assert.Equal(32767, runs.Build().Length);
    }

    [Fact]
    public void Values_of_another_type_are_refused()
    {
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => new FixedBuilder<int>(ArrowType.Int64)).Code);
        Assert.Throws<ArgumentException>(() => new FixedBuilder<decimal>());
        Assert.Throws<ArgumentException>(() => new BytesBuilder(ArrowType.Int32));
        Assert.Throws<ArgumentException>(() => new ListBuilder(new StructType()));
        Assert.Throws<ArgumentException>(() =>
            new StructBuilder(new StructType(new Field("a", ArrowType.Int32)), new FixedBuilder<long>()));
        Assert.Throws<ArgumentException>(() => new BytesBuilder(ArrowType.Binary).Append("text"));
        Assert.Throws<ArgumentException>(() => new BytesBuilder().Append([0xFF]));
        Assert.ThrowsAny<ArgumentException>(() => new BytesBuilder().Append("\uD800"));
        Assert.Throws<ArgumentException>(() => new BytesBuilder(new FixedSizeBinaryType(2)).Append([1]));
        var dictionary = new DictionaryBuilder(new DictionaryType(ArrowType.Int8, ArrowType.Int64));
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => dictionary.Append(1)).Code);
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => dictionary.Append("1")).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => dictionary.AppendIndex(0));
    }

    [Fact]
    public void A_slot_without_its_parts_is_refused_and_the_builder_goes_on()
    {
        var number = new FixedBuilder<int>();
        var pair = new StructBuilder(new StructType(new Field("a", ArrowType.Int32)), number);
        var lists = new ListBuilder(pair);
        Assert.Throws<InvalidOperationException>(pair.Append);
        number.Append(1);
        Assert.Throws<InvalidOperationException>(pair.AppendNull);
        Assert.Throws<InvalidOperationException>(lists.Build);
        pair.Append();
        Assert.Throws<InvalidOperationException>(lists.AppendNull);
        Assert.Throws<InvalidOperationException>(lists.Build);
        lists.Append();
        lists.AppendNull();
        Assert.Equal(["[{\"a\":1}]", "null"], EveryTypeTests.Json(lists.Build()));

        var fixedSize = new ListBuilder(new FixedSizeListType(new Field("item", ArrowType.Int32), 2));
        fixedSize.Items.AppendNull();
        Assert.Throws<InvalidOperationException>(fixedSize.Append);
        var union = new UnionBuilder(new UnionType(ArrowTypeId.DenseUnion, [new Field("i", ArrowType.Int32)]));
        Assert.Throws<InvalidOperationException>(() => union.Append(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => union.Append(1));
        var runs = new RunEndBuilder(new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32));
        Assert.Throws<InvalidOperationException>(() => runs.Append());
        Assert.Throws<ArgumentOutOfRangeException>(() => runs.Append(0));
    }

    [Fact]
    public void Columns_of_different_lengths_make_no_batch() =>
        Assert.Throws<ArgumentException>(() =>
            RecordBatch.Of(("a", ArrowArray.From<int>(new int[1])), ("b", ArrowArray.From<int>(new int[2]))));

    // Goal: buffers and bitmaps grow right in every layout of bytes. Method: random values and nulls, against a list.
    [Fact]
    public void Thousands_of_random_values_read_back_from_every_layout_of_bytes()
    {
        const int seed = 4711;
        ArrowType[] types =
        [
            ArrowType.Utf8, ArrowType.LargeUtf8, ArrowType.Utf8View, ArrowType.Binary, ArrowType.LargeBinary,
            ArrowType.BinaryView, new DictionaryType(ArrowType.UInt16, ArrowType.Utf8View),
            new RunEndEncodedType(ArrowType.Int32, ArrowType.LargeUtf8),
        ];
        foreach (ArrowType type in types)
        {
            var random = new Random(seed);
            var expected = new List<byte[]?>();
            ArrowArrayBuilder builder = ArrowArrayBuilder.For(type);
            while (expected.Count < 5000)
            {
                byte[]? value = random.Next(9) == 0 ? null : new byte[random.Next(random.Next(40) == 0 ? 3000 : 20)];
                for (int i = 0; i < value?.Length; i++) value[i] = (byte)random.Next('a', 'e');
                int times = builder is RunEndBuilder && value is not null ? random.Next(1, 4) : 1;
                expected.AddRange(Enumerable.Repeat(value, times));
                Append(builder, value, times);
            }

            ArrowArray array = builder.Build();
            ArrowArray slice = array.Slice(777, 3000);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.True(array.IsLogicallyNull(i) == expected[i] is null, $"seed {seed}, {type}, row {i}");
                Assert.True(array.GetBytes(i).SequenceEqual(expected[i] ?? []), $"seed {seed}, {type}, row {i}");
                if (i >= 777 && i < 3777) Assert.True(slice.GetBytes(i - 777).SequenceEqual(expected[i] ?? []));
            }
        }

        static void Append(ArrowArrayBuilder builder, byte[]? value, int times)
        {
            if (value is null) builder.AppendNull();
            else if (builder is BytesBuilder bytes) bytes.Append(value);
            else if (builder is DictionaryBuilder dictionary) dictionary.Append(value);
            else
            {
                var runs = (RunEndBuilder)builder;
                ((BytesBuilder)runs.Values).Append(value);
                runs.Append(times);
            }
        }
    }
}
