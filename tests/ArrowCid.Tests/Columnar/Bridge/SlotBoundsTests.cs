using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Tests.Columnar.Bridge;

/// <summary>What points outside never reaches an accessor of Apache.Arrow, which would follow it.</summary>
public class SlotBoundsTests
{
    private static readonly ArrowArray s_items = ArrowArray.From<int>(new[] { 1, 2, 3 });
    private static readonly ArrowArray s_words = EveryType.Texts(ArrowType.Utf8);
    private static readonly Field s_item = new("item", ArrowType.Int32);

    public static TheoryData<string> Names => [.. Wrong.Keys];

    private static Dictionary<string, Func<ArrowArray>> Wrong => new()
    {
        ["text past its data"] = () => Text(0, 9),
        ["text that runs backward"] = () => Text(3, 1),
        ["text before its data"] = () => Text(-1, 1),
        ["large text past its data"] = () =>
            new ArrowArray(ArrowType.LargeUtf8, 1, [default, Bytes(0L, long.MaxValue), new byte[4]]),
        ["large text that overflows"] = () =>
            new ArrowArray(ArrowType.LargeUtf8, 1, [default, Bytes(long.MinValue, long.MaxValue), new byte[4]]),
        ["a view past its buffer"] = () =>
            new ArrowArray(ArrowType.Utf8View, 1, [default, Bytes(20, 0, 0, 1), new byte[20]]),
        ["a view of no buffer"] = () =>
            new ArrowArray(ArrowType.BinaryView, 1, [default, Bytes(20, 0, 1, 0), new byte[20]]),
        ["a view of negative length"] = () => new ArrowArray(ArrowType.Utf8View, 1, [default, Bytes(-1, 0, 0, 0)]),
        ["a list past its items"] = () => List(ArrowTypeId.List, Bytes(0, 4)),
        ["a large list past its items"] = () => List(ArrowTypeId.LargeList, Bytes(0L, 4L)),
        ["a list view past its items"] = () => List(ArrowTypeId.ListView, Bytes(2), Bytes(2)),
        ["a large list view past its items"] = () => List(ArrowTypeId.LargeListView, Bytes(2L), Bytes(2L)),
        ["a map past its entries"] = () => Map(5),
        ["an index past its dictionary"] = () => Word(ArrowType.Int32, Bytes(5)),
        ["a negative index"] = () => Word(ArrowType.Int8, new byte[] { 0xFF }),
        ["an index of 64 bits"] = () => Word(ArrowType.UInt64, Bytes(long.MinValue)),
        ["an index without dictionary"] = () =>
            new ArrowArray(new DictionaryType(ArrowType.Int32, ArrowType.Utf8), 1, [default, Bytes(0)]),
        ["a type code of no child"] = () => Union(ArrowTypeId.SparseUnion, 3, default),
        ["a union's offset past its child"] = () => Union(ArrowTypeId.DenseUnion, 0, Bytes(3)),
        ["run ends that do not rise"] = () => Runs(2, 2, 4),
        ["run ends that stop early"] = () => Runs(1, 2, 3),
    };

    [Theory, MemberData(nameof(Names))]
    public void A_slot_that_points_outside_is_refused_at_the_top_and_inside(string name)
    {
        ArrowArray array = Wrong[name]();
        InvalidArrowException thrown = Assert.Throws<InvalidArrowException>(
            () => ToApache.Batch(RecordBatch.Of(("v", array))));
        Assert.Equal(ErrorCode.InvalidData, thrown.Code);
        var outer = new ArrowArray(new StructType(new Field("f", array.Type)), 1, [default], [array]);
        Assert.Throws<InvalidArrowException>(() => ToApache.Column(RecordBatch.Of(("v", outer)), "v"));
        var encoded = new ArrowArray(new DictionaryType(ArrowType.Int8, outer.Type), 1, [default, new byte[1]], null,
            outer);
        Assert.Throws<InvalidArrowException>(() => ToApache.Column(RecordBatch.Of(("v", encoded)), "v"));
    }

    [Fact]
    public void A_slot_that_is_null_may_point_anywhere()
    {
        var text = new ArrowArray(ArrowType.Utf8, 2, [new byte[] { 2 }, Bytes(9, 0, 1), "a"u8.ToArray()]);
        var strings = (A.StringArray)ToApache.Column(RecordBatch.Of(("v", text)), "v");
        Assert.Null(strings.GetString(0));
        Assert.Equal("a", strings.GetString(1));
    }

    [Fact]
    public void A_null_count_that_is_only_claimed_is_not_believed()
    {
        var text = new ArrowArray(
            ArrowType.Utf8, 2, [new byte[] { 2 }, Bytes(900_000, 0, 1), "a"u8.ToArray()], nullCount: 0);
        var strings = (A.StringArray)ToApache.Column(RecordBatch.Of(("v", text)), "v");
        Assert.Equal(1, strings.NullCount);
        Assert.Null(strings.GetString(0));
    }

    [Theory]
    [InlineData("struct")]
    [InlineData("union")]
    [InlineData("fixed_size_list(0)")]
    [InlineData("fixed_size_binary(0)")]
    [InlineData("twice")]
    public void What_Apache_has_no_object_for_names_another_way(string what)
    {
        ArrowType type = what switch
        {
            "struct" => new StructType(),
            "union" => new UnionType(ArrowTypeId.SparseUnion, []),
            "fixed_size_list(0)" => new FixedSizeListType(s_item, 0),
            "fixed_size_binary(0)" => new FixedSizeBinaryType(0),
            _ => ArrowType.Int32,
        };
        KeyValuePair<string, string>[] metadata = what == "twice" ? [new("k", "1"), new("k", "2")] : [];
        var schema = new Schema(new Field("outer", new StructType(new Field("inner", type, true, metadata))));
        ArrowCidException thrown = Assert.Throws<ArrowCidException>(() => ToApacheType.Schema(schema));
        Assert.Equal(ErrorCode.Unsupported, thrown.Code);
        Assert.StartsWith("field 'outer.inner': ", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(what, thrown.Message, StringComparison.Ordinal);
        Assert.Contains("read the canonical bytes", thrown.Message, StringComparison.Ordinal);
    }

    private static ArrowArray Text(int start, int end) =>
        new(ArrowType.Utf8, 1, [default, Bytes(start, end), new byte[4]]);

    private static ArrowArray List(ArrowTypeId id, params ReadOnlyMemory<byte>[] buffers) =>
        new(new ListType(s_item, id), 1, [default, .. buffers], [s_items]);

    private static ArrowArray Map(int end)
    {
        var type = new MapType(new Field("key", ArrowType.Int32, false), new Field("value", ArrowType.Int32));
        var entries = new ArrowArray(type.Entries.Type, 3, [default], [s_items, s_items]);
        return new ArrowArray(type, 1, [default, Bytes(0, end)], [entries]);
    }

    private static ArrowArray Word(ArrowType index, ReadOnlyMemory<byte> indices) =>
        new(new DictionaryType(index, ArrowType.Utf8), 1, [default, indices], null, s_words);

    private static ArrowArray Union(ArrowTypeId id, byte code, ReadOnlyMemory<byte> offsets)
    {
        ReadOnlyMemory<byte> codes = new[] { code };
        return new ArrowArray(new UnionType(id, [s_item]), 1,
            id == ArrowTypeId.DenseUnion ? [codes, offsets] : [codes], [s_items]);
    }

    private static ArrowArray Runs(params int[] ends) =>
        new(new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32), 4, [], [ArrowArray.From<int>(ends), s_items]);

    private static ReadOnlyMemory<byte> Bytes(params int[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static ReadOnlyMemory<byte> Bytes(params long[] values) =>
        MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
