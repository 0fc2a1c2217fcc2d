using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using static ArrowCid.Tests.Canonical.Arrays;

namespace ArrowCid.Tests.Canonical;

/// <summary>Section 4: what is refused, by a message that names the rule, the field and the row. The oracle must
/// agree.</summary>
public class RefusalTests
{
    private static readonly ReadOnlyMemory<byte> s_broken = Raw((byte)'a', 0xC3, 0x28, (byte)'b');

    [Fact]
    public void Visible_null_in_a_field_that_is_not_nullable() =>
        Refused(Batch("v", Int32(1, null), nullable: false), "null", "v", 1);

    [Fact]
    public void Visible_null_in_a_child_that_is_not_nullable()
    {
        var type = new StructType(new Field("x", ArrowType.Int32, nullable: false));
        Refused(Batch("s", new ArrowArray(type, 3, [Bits(0, 1, 1)], [Int32(null, 7, null)])), "null", "s.x", 2);
        var list = new ListType(new Field("item", ArrowType.Int32, nullable: false));
        Refused(Batch("l", new ArrowArray(list, 2, [None, Ints(0, 1, 2)], [Int32(1, null)])), "null", "l.item", 1);
    }

    [Fact]
    public void Null_entry_in_a_dictionary_field_that_is_not_nullable()
    {
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        var column = new ArrowArray(type, 2, [None, Raw(0, 1)], dictionary: Strings("a", null));
        Refused(Batch("d", column, nullable: false), "null", "d", 1);
    }

    [Fact]
    public void Null_run_in_a_field_that_is_not_nullable()
    {
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Utf8);
        RecordBatch batch = Batch("r", new ArrowArray(type, 3, [], [Int32(2, 3), Strings("a", null)]), nullable: false);
        Refused(batch, "null", "r", 2);
    }

    [Fact]
    public void Null_column_that_is_not_nullable_and_has_rows()
    {
        Refused(Batch("n", new ArrowArray(ArrowType.Null, 2, []), nullable: false), "null", "n", 0);
        Accepted(Batch("n", new ArrowArray(ArrowType.Null, 0, []), nullable: false));
    }

    [Fact]
    public void Null_count_that_disagrees_with_its_bitmap()
    {
        Refused(Batch("v", new ArrowArray(ArrowType.Int8, 2, [Bits(1, 0), Raw(1, 2)], nullCount: 2)),
            "null count", "v");
        Refused(Batch("v", new ArrowArray(ArrowType.Int8, 2, [Bits(1, 0), Raw(1, 2)], nullCount: 0)),
            "null count", "v");
        Refused(Batch("v", new ArrowArray(ArrowType.Int8, 2, [None, Raw(1, 2)], nullCount: 1)), "null count", "v");
        Accepted(Batch("v", new ArrowArray(ArrowType.Int8, 2, [Bits(1, 0), Raw(1, 2)], nullCount: -1)));
    }

    [Fact]
    public void Text_that_is_not_utf8()
    {
        Refused(Batch("t", new ArrowArray(ArrowType.Utf8, 2, [None, Ints(0, 1, 4), s_broken])), "UTF-8", "t", 1);
        Refused(Batch("t", new ArrowArray(ArrowType.LargeUtf8, 2, [None, Longs(0, 1, 4), s_broken])), "UTF-8", "t", 1);
        Refused(Batch("t", View(ArrowType.Utf8View, 3, [0xC3, 0x28, 0x28])), "UTF-8", "t", 0);
        byte[] longer = [.. Utf8("a text of more than twelve").ToArray(), 0xFF];
        Refused(Batch("t", View(ArrowType.Utf8View, longer.Length, longer[..4], longer)), "UTF-8", "t", 0);
        Accepted(Batch("t", new ArrowArray(ArrowType.Binary, 2, [None, Ints(0, 1, 4), s_broken])));
    }

    [Theory]
    [InlineData("C080")]
    [InlineData("EDA080")]
    [InlineData("F4908080")]
    [InlineData("E28228")]
    [InlineData("80")]
    [InlineData("F0")]
    public void Text_in_a_false_utf8(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        Refused(Batch("t", new ArrowArray(ArrowType.Utf8, 1, [None, Ints(0, bytes.Length), bytes])), "UTF-8", "t", 0);
    }

    [Fact]
    public void Character_cut_in_two_by_an_offset() =>
        Refused(Batch("t", new ArrowArray(ArrowType.Utf8, 2, [None, Ints(0, 1, 2), Utf8("é")])), "UTF-8", "t", 0);

    [Fact]
    public void Text_that_is_not_utf8_in_a_dictionary_that_uses_it()
    {
        var values = new ArrowArray(ArrowType.Utf8, 2, [None, Ints(0, 1, 4), s_broken]);
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        Refused(Batch("d", new ArrowArray(type, 2, [None, Raw(0, 1)], dictionary: values)), "UTF-8", "d", -2);
        Accepted(Batch("d", new ArrowArray(type, 2, [None, Raw(0, 0)], dictionary: values)));
    }

    [Fact]
    public void Names_and_metadata_that_are_not_unicode()
    {
        Refused(new RecordBatch(new Schema(new Field("a\uD800", ArrowType.Int32)), 1, Int32(1)), "UTF-8", null);
        var field = new Field("v", ArrowType.Int32, true, [new("k", "\uDC00")]);
        Refused(new RecordBatch(new Schema(field), 1, Int32(1)), "UTF-8", null);
    }

    [Fact]
    public void Metadata_key_given_twice()
    {
        KeyValuePair<string, string>[] twice = [new("k", "1"), new("k", "1")];
        Refused(new RecordBatch(new Schema([new Field("v", ArrowType.Int32)], twice), 1, Int32(1)), "twice", "");
        Refused(new RecordBatch(new Schema(new Field("v", ArrowType.Int32, true, twice)), 1, Int32(1)), "twice", "v");
        var type = new StructType(new Field("x", ArrowType.Int32, true, twice));
        Refused(Batch("s", new ArrowArray(type, 1, [None], [Int32(1)])), "twice", "s.x");
    }

    [Fact]
    public void Offsets_that_run_backward()
    {
        Refused(Batch("t", new ArrowArray(ArrowType.Utf8, 3, [None, Ints(0, 2, 1, 3), Utf8("abc")])),
            "backward", "t", 1);
        Refused(Batch("t", new ArrowArray(ArrowType.LargeBinary, 2, [None, Longs(0, 2, 1), Utf8("abc")])),
            "backward", "t", 1);
        var list = new ListType(new Field("item", ArrowType.Int32));
        Refused(Batch("l", new ArrowArray(list, 2, [None, Ints(0, 2, 1)], [Int32(1, 2, 3)])), "backward", "l", 1);
    }

    [Fact]
    public void Offsets_that_run_backward_where_nobody_sees_it()
    {
        var text = new ArrowArray(ArrowType.Utf8, 3, [Bits(1, 0, 1), Ints(0, 2, 1, 3), Utf8("abc")]);
        Refused(Batch("t", text), "backward", "t", 1);
        var type = new StructType(new Field("t", ArrowType.Utf8));
        var hidden = new ArrowArray(ArrowType.Utf8, 3, [None, Ints(0, 2, 1, 3), Utf8("abc")]);
        Refused(Batch("s", new ArrowArray(type, 3, [Bits(1, 0, 1)], [hidden])), "backward", "s.t", 1);
    }

    [Fact]
    public void Offsets_that_point_outside()
    {
        Refused(Batch("t", new ArrowArray(ArrowType.Utf8, 2, [None, Ints(0, 2, 4), Utf8("abc")])), "outside", "t", 1);
        Refused(Batch("t", new ArrowArray(ArrowType.Binary, 2, [None, Ints(-1, 2, 3), Utf8("abc")])),
            "outside", "t", 0);
        var list = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.LargeList);
        Refused(Batch("l", new ArrowArray(list, 2, [None, Longs(0, 2, 1L << 40)], [Int32(1, 2, 3)])),
            "outside", "l", 1);
    }

    [Fact]
    public void Views_out_of_range()
    {
        byte[] data = Utf8("a text of more than twelve").ToArray();
        Refused(Batch("w", View(ArrowType.BinaryView, -1, [])), "length", "w", 0);
        Refused(Batch("w", View(ArrowType.BinaryView, 20, data[..4], data, buffer: 1)), "buffer", "w", 0);
        Refused(Batch("w", View(ArrowType.BinaryView, 20, data[..4], data, buffer: -1)), "buffer", "w", 0);
        Refused(Batch("w", View(ArrowType.BinaryView, 20, data[..4], data, start: 7)), "outside", "w", 0);
        Refused(Batch("w", View(ArrowType.BinaryView, 20, data[..4], data, start: -1)), "outside", "w", 0);
        Refused(Batch("w", View(ArrowType.BinaryView, int.MaxValue, data[..4], data, start: int.MaxValue)),
            "outside", "w", 0);
    }

    [Fact]
    public void View_whose_prefix_differs_from_its_bytes()
    {
        byte[] data = Utf8("a text of more than twelve").ToArray();
        Refused(Batch("w", View(ArrowType.Utf8View, 20, Utf8("a_te").ToArray(), data)), "prefix", "w", 0);
    }

    [Fact]
    public void List_views_out_of_range()
    {
        var small = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.ListView);
        foreach ((int start, int size) in new[] { (2, 2), (-1, 1), (0, -1), (4, 0), (int.MaxValue, int.MaxValue) })
            Refused(Batch("l", new ArrowArray(small, 2, [None, Ints(0, start), Ints(1, size)], [Int32(1, 2, 3)])),
                "outside", "l", 1);
        var large = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.LargeListView);
        RecordBatch batch =
            Batch("l", new ArrowArray(large, 1, [None, Longs(long.MaxValue), Longs(long.MaxValue)], [Int32(1, 2, 3)]));
        Refused(batch, "outside", "l", 0);
    }

    [Theory]
    [InlineData(nameof(ArrowTypeId.SparseUnion))]
    [InlineData(nameof(ArrowTypeId.DenseUnion))]
    public void Union_code_that_no_child_has(string kind)
    {
        var id = Enum.Parse<ArrowTypeId>(kind);
        var type = new UnionType(id, [new Field("a", ArrowType.Int32), new Field("b", ArrowType.Int32)], [3, 7]);
        ReadOnlyMemory<byte>[] buffers = id == ArrowTypeId.SparseUnion ? [Raw(3, 0)] : [Raw(3, 0), Ints(0, 0)];
        Refused(Batch("u", new ArrowArray(type, 2, buffers, [Int32(1, 2), Int32(3, 4)])), "code", "u", 1);
    }

    [Fact]
    public void Union_offset_outside_its_child()
    {
        var type = new UnionType(ArrowTypeId.DenseUnion, [new Field("a", ArrowType.Int32)]);
        Refused(Batch("u", new ArrowArray(type, 2, [Raw(0, 0), Ints(0, 1)], [Int32(1)])), "outside", "u", 1);
        Refused(Batch("u", new ArrowArray(type, 1, [Raw(0), Ints(-1)], [Int32(1)])), "outside", "u", 0);
    }

    [Fact]
    public void Index_outside_its_dictionary()
    {
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        Refused(Batch("d", new ArrowArray(type, 2, [None, Raw(0, 1)], dictionary: Strings("a"))), "dictionary", "d", 1);
        Refused(Batch("d", new ArrowArray(type, 2, [None, Raw(0, 255)], dictionary: Strings("a"))),
            "dictionary", "d", 1);
        var wide = new DictionaryType(ArrowType.UInt64, ArrowType.Utf8);
        Refused(Batch("d", new ArrowArray(wide, 2, [None, Longs(0, -1)], dictionary: Strings("a"))),
            "dictionary", "d", 1);
    }

    [Fact]
    public void Run_ends_that_do_not_rise_or_fall_short()
    {
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Utf8);
        Refused(Runs(2, 2), "run end", "r", -2);
        Refused(Runs(3, 1), "run end", "r", -2);
        Refused(Runs(0, 3), "run end", "r", -2);
        Refused(Runs(-1, 3), "run end", "r", -2);
        Refused(Runs(1, 2), "run end", "r", -2);
        Refused(Batch("r", new ArrowArray(type, 3, [], [Int32(), Strings()])), "run end", "r", -2);
        Accepted(Runs(1, 9));

        RecordBatch Runs(int first, int second) =>
            Batch("r", new ArrowArray(type, 3, [], [Int32(first, second), Strings("a", "b")]));
    }

    [Fact]
    public void Run_end_that_is_null()
    {
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Utf8);
        Refused(Batch("r", new ArrowArray(type, 3, [], [Int32(null, 3), Strings("a", "b")])), "run end", null, -2);
    }

    [Fact]
    public void Map_entry_or_key_that_is_null()
    {
        var type = new MapType(new Field("key", ArrowType.Int32, false), new Field("value", ArrowType.Int32));
        ArrowType pair = type.Entries.Type;
        var entries = new ArrowArray(pair, 2, [Bits(1, 0)], [Int32(1, 2), Int32(3, 4)]);
        Refused(Batch("m", new ArrowArray(type, 1, [None, Ints(0, 2)], [entries])), "null", "m.entries", 1);
        var keys = new ArrowArray(pair, 2, [None], [Int32(1, null), Int32(3, null)]);
        Refused(Batch("m", new ArrowArray(type, 1, [None, Ints(0, 2)], [keys])), "null", "m.entries.key", 1);
    }

    [Fact]
    public void Map_key_that_is_null_though_its_field_says_nullable()
    {
        var type = new MapType(new Field("key", ArrowType.Int32), new Field("value", ArrowType.Int32));
        var keys = new ArrowArray(type.Entries.Type, 2, [None], [Int32(1, null), Int32(3, null)]);
        Refused(Batch("m", new ArrowArray(type, 1, [None, Ints(0, 2)], [keys])), "null", "m.entries.key", 1);
    }

    [Fact]
    public void Lengths_that_disagree()
    {
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(ArrowType.Int32, 3, [None, Ints(1, 2)]));
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(ArrowType.Int32, 9, [Bits(1), Ints(new int[9])]));
        var pair = new StructType(new Field("x", ArrowType.Int32));
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(pair, 3, [None], [Int32(1, 2)]));
        var three = new FixedSizeListType(new Field("item", ArrowType.Int32), 3);
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(three, 2, [None], [Int32(1, 2, 3, 4, 5)]));
        var runs = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32);
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(runs, 2, [], [Int32(1, 2), Int32(1)]));
        Assert.Throws<InvalidArrowException>(() =>
            new RecordBatch(new Schema(new Field("v", ArrowType.Int32)), 3, Int32(1, 2)));
    }

    [Fact]
    public void Nesting_deeper_than_32()
    {
        Accepted(Deep(32));
        Refused(Deep(33), "32", null);
    }

    [Fact]
    public void Dictionary_values_are_no_level_of_their_own()
    {
        Accepted(DeepInDictionary(32));
        Refused(DeepInDictionary(33), "32", null);
    }

    [Fact]
    public void Values_out_of_precision_are_kept()
    {
        var kept = new byte[] { 0xFF, 0xFF, 0xFF, 0x7F, 1, 0, 0, 0 };
        Assert.True(Accepted(Batch("p", new ArrowArray(new DecimalType(64, 1, 0), 1, [None, kept]))).IndexOf(kept) > 0);
        Assert.True(Accepted(Batch("t", new ArrowArray(ArrowType.Date64, 1, [None, kept]))).IndexOf(kept) > 0);
        Assert.True(Accepted(Batch("t",
            new ArrowArray(TimeType.TimeOfDay(TimeUnit.Nanosecond), 1, [None, kept]))).IndexOf(kept) > 0);
    }

    /// <summary>Sizes are checked before memory is taken: these would want gigabytes. The oracle would take them.</summary>
    [Fact]
    public void List_views_that_ask_for_far_more_than_their_bytes()
    {
        var type = new ListType(new Field("item", ArrowType.Null), ArrowTypeId.ListView);
        var nothing = new ArrowArray(ArrowType.Null, int.MaxValue, []);
        var views = new ArrowArray(type, 2, [None, Ints(0, 0), Ints(int.MaxValue, int.MaxValue)], [nothing]);
        TooLarge(Batch("l", views), "l");
        var wide = new ListType(new Field("item", ArrowType.Int64), ArrowTypeId.LargeListView);
        long[] sizes = new long[4096];
        Array.Fill(sizes, 1 << 20);
        var longs = new ArrowArray(ArrowType.Int64, 1 << 20, [None, new byte[8 << 20]]);
        TooLarge(Batch("l", new ArrowArray(wide, 4096, [None, Longs(new long[4096]), Longs(sizes)], [longs])), "l");
    }

    [Fact]
    public void Views_that_ask_for_far_more_than_their_bytes()
    {
        byte[] view = [.. BitConverter.GetBytes(1 << 20), .. new byte[12]];
        byte[] views = [.. Enumerable.Repeat(view, 4096).SelectMany(v => v)];
        TooLarge(Batch("w", new ArrowArray(ArrowType.BinaryView, 4096, [None, views, new byte[1 << 20]])), "w");
    }

    [Fact]
    public void Run_ends_that_do_not_fit_their_type()
    {
        var runs = new RunEndEncodedType(ArrowType.Int16, ArrowType.Int32);
        var type = new ListType(new Field("item", runs), ArrowTypeId.ListView);
        ArrowArray values = new(runs, 30_000, [],
            [new ArrowArray(ArrowType.Int16, 1, [None, Raw(0x30, 0x75)]), Int32(1)]);
        RecordBatch batch = Batch("l", new ArrowArray(type, 2, [None, Ints(0, 0), Ints(30_000, 30_000)], [values]));
        Assert.Throws<InvalidArrowException>(() => SlowEncoder.Encode(batch));
        Assert.Throws<InvalidArrowException>(() => { CanonicalBlock.Encode(batch); });
    }

    private static void TooLarge(RecordBatch batch, string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var refusal = Assert.Throws<InvalidArrowException>(() => { CanonicalBlock.Encode(batch); });
        Assert.Throws<InvalidArrowException>(() => { CanonicalBlock.CidOf(batch); });
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken < 64 << 20, $"{taken} bytes were taken before the refusal: {refusal.Message}");
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.StartsWith(path, refusal.FieldPath, StringComparison.Ordinal);
    }

    private static RecordBatch Deep(int depth)
    {
        ArrowArray array = Int32(1);
        for (int level = 1; level < depth; level++)
            array = new ArrowArray(new StructType(new Field("x", array.Type)), 1, [None], [array]);
        return Batch("x", array);
    }

    private static RecordBatch DeepInDictionary(int depth)
    {
        ArrowArray values = Deep(depth).Columns[0];
        return Batch("d",
            new ArrowArray(new DictionaryType(ArrowType.Int8, values.Type), 1, [None, Raw(0)], dictionary: values));
    }

    private static ArrowArray View(ArrowType type, int length, byte[] head, byte[]? data = null,
        int buffer = 0, int start = 0)
    {
        byte[] inline = new byte[12];
        head.CopyTo(inline, 0);
        byte[] view = [.. BitConverter.GetBytes(length), .. inline];
        if (data is null) return new ArrowArray(type, 1, [None, view]);
        BitConverter.GetBytes(buffer).CopyTo(view, 8);
        BitConverter.GetBytes(start).CopyTo(view, 12);
        return new ArrowArray(type, 1, [None, view, data]);
    }

    private static ReadOnlySpan<byte> Accepted(RecordBatch batch)
    {
        byte[] block = SlowEncoder.Encode(batch);
        CanonicalPropertiesTests.Same(block, Subject.Encode(batch), "the oracle");
        return block;
    }

    /// <param name="batch">What must be refused, by the encoder and by the oracle.</param>
    /// <param name="rule">A word of the rule.</param>
    /// <param name="path">The field, or null where the text leaves it open.</param>
    /// <param name="row">The row, -1 for a fault of no row, -2 where the text leaves it open.</param>
    private static void Refused(RecordBatch batch, string rule, string? path, int row = -1)
    {
        Assert.Throws<InvalidArrowException>(() => SlowEncoder.Encode(batch));
        var refusal = Assert.Throws<InvalidArrowException>(() => { Subject.Encode(batch); });
        Assert.Contains(rule, refusal.Rule, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(refusal.Rule, refusal.Message, StringComparison.Ordinal);
        if (path is not null)
        {
            Assert.True(path == refusal.FieldPath,
                $"field '{path}' is to blame, not '{refusal.FieldPath}': {refusal.Message}");
            if (path.Length > 0) Assert.Contains($"'{path}'", refusal.Message, StringComparison.Ordinal);
        }

        if (row == -2) return;
        Assert.True(row == refusal.Row, $"row {row} is to blame, not {refusal.Row}: {refusal.Message}");
        string text = row.ToString(CultureInfo.InvariantCulture);
        if (row >= 0) Assert.Contains($"row {text}", refusal.Message, StringComparison.Ordinal);
    }
}
