using System.Runtime.InteropServices;
using ArrowCid.Columnar;

namespace ArrowCid.Tests.Columnar;

/// <summary>Structure that fits and values that lie: every accessor ends in an error that names the row.</summary>
public class HostileAccessTests
{
    private static readonly ArrowArray s_items = ArrowArray.From<int>(new[] { 1, 2, 3 });
    private static readonly ArrowArray s_words = EveryType.Texts(ArrowType.Utf8);

    [Theory]
    [InlineData(0, 4), InlineData(-1, 2), InlineData(2, 1), InlineData(int.MinValue, int.MaxValue),
        InlineData(3, int.MaxValue)]
    public void Offsets_outside_of_text(int start, int end)
    {
        Refused(
            array => array.GetBytes(1),
                new ArrowArray(ArrowType.Utf8, 2, [default, Bytes(0, start, end), new byte[3]]));
        Refused(array => array.GetString(1),
            new ArrowArray(ArrowType.LargeUtf8, 2, [default, Bytes(0L, start, end), new byte[3]]));
    }

    [Theory]
    [InlineData(0, 4), InlineData(-1, 2), InlineData(2, 1), InlineData(int.MinValue, int.MaxValue),
        InlineData(3, int.MaxValue)]
    public void Offsets_outside_of_a_list(int start, int end)
    {
        var item = new Field("item", ArrowType.Int32);
        Refused(
            array => array.GetList(1),
                new ArrowArray(new ListType(item), 2, [default, Bytes(0, start, end)], [s_items]));
        Refused(array => array.GetList(1),
            new ArrowArray(new ListType(item, ArrowTypeId.LargeList), 2, [default, Bytes(0L, start, end)], [s_items]));
        Refused(array => array.GetList(1), new ArrowArray(new ListType(item, ArrowTypeId.LargeList), 2,
            [default, Bytes(0L, start, end == 4 ? long.MaxValue : long.MinValue)], [s_items]));
    }

    [Theory]
    [InlineData(long.MaxValue, long.MinValue), InlineData(1, long.MinValue), InlineData(2, long.MinValue + 1)]
    [InlineData(long.MinValue, long.MaxValue), InlineData(long.MinValue, 1), InlineData(-1, -1)]
    [InlineData(long.MaxValue, long.MaxValue), InlineData(long.MinValue, long.MinValue)]
    public void Offsets_whose_difference_is_over_int64(long start, long end)
    {
        var list = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.LargeList);
        Refused(array => array.GetBytes(1),
            new ArrowArray(ArrowType.LargeBinary, 2, [default, Bytes(0L, start, end), new byte[3]]));
        Refused(array => array.GetList(1), new ArrowArray(list, 2, [default, Bytes(0L, start, end)], [s_items]));
    }

    [Theory]
    [InlineData(0, 4), InlineData(-1, 1), InlineData(4, 0), InlineData(1, -1), InlineData(int.MaxValue, int.MaxValue)]
    public void A_list_view_outside_of_its_child(int offset, int size)
    {
        var item = new Field("item", ArrowType.Int32);
        Refused(array => array.GetList(1),
            new ArrowArray(
                new ListType(item, ArrowTypeId.ListView), 2, [default, Bytes(0, offset), Bytes(0, size)], [s_items]));
        Refused(array => array.GetList(1), new ArrowArray(new ListType(item, ArrowTypeId.LargeListView), 2,
            [default, Bytes(0L, offset), Bytes(0L, size == 4 ? long.MaxValue : size)], [s_items]));
    }

    [Theory]
    [InlineData(-1, 0, 0), InlineData(13, 1, 0), InlineData(13, -1, 0), InlineData(13, 0, 8), InlineData(13, 0, -1)]
    [InlineData(int.MaxValue, 0, int.MaxValue), InlineData(int.MinValue, 0, 0), InlineData(21, 0, 0)]
    public void A_view_outside_of_its_data(int length, int buffer, int offset)
    {
        Refused(array => array.GetBytes(1), new ArrowArray(ArrowType.BinaryView, 2,
            [default, Bytes(0, 0, 0, 0, length, 0, buffer, offset), new byte[20]]));
        Refused(array => array.GetBytes(1), new ArrowArray(ArrowType.Utf8View, 2,
            [default, Bytes(0, 0, 0, 0, Math.Abs(length == int.MinValue ? 13 : length) + 12, 0, 0, 0)]));
    }

    [Fact]
    public void A_dictionary_index_outside_of_the_dictionary()
    {
        Index<sbyte>(ArrowType.Int8, -1, 5);
        Index<short>(ArrowType.Int16, -1, 5);
        Index(ArrowType.Int32, int.MinValue, 5);
        Index(ArrowType.Int64, long.MinValue, 5, long.MaxValue, 1L << 32);
        Index<byte>(ArrowType.UInt8, 5, 255);
        Index<ushort>(ArrowType.UInt16, 5, ushort.MaxValue);
        Index(ArrowType.UInt32, 5u, uint.MaxValue);
        Index(ArrowType.UInt64, 5ul, ulong.MaxValue, 1ul << 63);

        static void Index<T>(ArrowType type, params T[] indices) where T : unmanaged
        {
            foreach (T index in indices)
            {
                ReadOnlyMemory<byte> bytes = Bytes(default, index);
                var dictionary = new DictionaryType(type, ArrowType.Utf8);
                Refused(
                    array => array.GetString(1), new ArrowArray(dictionary, 2, [default, bytes], dictionary: s_words));
                Refused(array => array.GetBytes(0), new ArrowArray(dictionary, 2, [default, bytes]));
                Refused(
                    array => array.IsLogicallyNull(1),
                        new ArrowArray(dictionary, 2, [default, bytes], dictionary: s_words));
            }
        }
    }

    [Theory]
    [InlineData(0, -1), InlineData(0, 3), InlineData(0, int.MaxValue), InlineData(2, 0), InlineData(-1, 0),
        InlineData(127, 0)]
    public void A_union_code_or_offset_that_selects_nothing(sbyte code, int offset)
    {
        Field[] fields = [new Field("i", ArrowType.Int32), new Field("s", ArrowType.Utf8)];
        Refused(array => array.GetUnionSlot(1), new ArrowArray(new UnionType(ArrowTypeId.DenseUnion, fields), 2,
            [Bytes<sbyte>(0, code), Bytes(0, offset)], [s_items, s_words]));
        if (code == 0) return;
        Refused(array => array.GetUnionSlot(1),
            new ArrowArray(
                new UnionType(ArrowTypeId.SparseUnion, fields), 2, [Bytes<sbyte>(0, code)], [s_items, s_words]));
    }

    [Theory]
    [InlineData(1, 1, 1), InlineData(0, 0, 0), InlineData(-5, -4, -3), InlineData(3, 1, 2), InlineData(9, 1, 2),
        InlineData(1, 3, 2)]
    public void Run_ends_that_stop_early_or_do_not_rise(int first, int second, int third)
    {
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32);
        var array = new ArrowArray(type, 4, [], [ArrowArray.From<int>(new[] { first, second, third }), s_items]);
        Refused(runs =>
        {
            for (int i = 0; i < runs.Length; i++) runs.GetRun(i);
        }, array);
    }

    [Fact]
    public void Run_ends_past_the_last_row_and_none_for_no_rows_are_read()
    {
        var type = new RunEndEncodedType(ArrowType.Int64, ArrowType.Int32);
        var array = new ArrowArray(type, 2, [], [ArrowArray.From<long>(new[] { 1, long.MaxValue }), s_items]);
        Assert.Equal([0, 1], [array.GetRun(0), array.GetRun(1)]);
        var empty = new ArrowArray(type, 0, [], [ArrowArray.From<long>(Array.Empty<long>()), s_items]);
        Assert.Throws<ArgumentOutOfRangeException>(() => empty.GetRun(0));
    }

    [Fact]
    public void Children_and_dictionaries_of_another_type_than_declared_are_refused()
    {
        var runs = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32);
        var map = new MapType(new Field("key", ArrowType.Utf8), new Field("value", ArrowType.Utf8));
        var dictionary = new DictionaryType(ArrowType.Int32, ArrowType.Int64);
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(runs, 2, [], [s_words, s_words]));
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(map, 1, [default, Bytes(0, 1)], [s_words]));
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(dictionary, 1, [default, Bytes(0)], null, s_words));
        Assert.Throws<InvalidArrowException>(() => new ArrowArray(ArrowType.Int32, 1, [default, Bytes(0)], null, s_words));
    }

    [Fact]
    public void What_lies_under_a_null_is_not_looked_at()
    {
        byte[] none = [0];
        Assert.Null(new ArrowArray(ArrowType.Utf8, 1, [none, Bytes(-9, 99), default]).GetString(0));
        Assert.Equal(0, new ArrowArray(ArrowType.BinaryView, 1, [none, Bytes(-1, 9, 9, 9)]).GetBytes(0).Length);
        var list = new ListType(new Field("item", ArrowType.Int32));
        Assert.Equal(0, new ArrowArray(list, 1, [none, Bytes(-9, 99)], [s_items]).GetList(0).Length);
        var dictionary = new DictionaryType(ArrowType.Int32, ArrowType.Utf8);
        Assert.True(new ArrowArray(dictionary, 1, [none, Bytes(-9)]).IsLogicallyNull(0));
        Assert.Throws<ArrowCidException>(() => new ArrowArray(dictionary, 1, [none, Bytes(-9)]).GetList(0));
    }

    // Random bytes under every accessor: an answer or an error of ours, nothing else.
    [Fact]
    public void Random_buffers_never_end_in_another_exception()
    {
        const int seed = 20240229;
        var random = new Random(seed);
        int refused = 0;
        int read = 0;
        foreach ((string name, Func<ArrowArray> make, _) in EveryType.Cases)
        {
            for (int round = 0; round < 40; round++)
            {
                ArrowArray array = Shaken(make(), random);
                try
                {
                    EveryTypeTests.Json(array);
                    read++;
                }
                catch (ArrowCidException)
                {
                    refused++;
                }
                catch (Exception e)
                {
                    Assert.Fail($"seed {seed}, {name}, round {round}: {e}");
                }
            }
        }

        Assert.True(refused > 100 && read > 100, $"seed {seed}: {refused} refused, {read} read");
    }

    private static ArrowArray Shaken(ArrowArray array, Random random)
    {
        ReadOnlyMemory<byte>[] buffers = array.Buffers.ToArray();
        for (int i = 0; i < buffers.Length; i++)
        {
            byte[] bytes = buffers[i].ToArray();
            for (int flips = random.Next(3); flips > 0 && bytes.Length > 0; flips--)
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(8) : random.Next(256));
            buffers[i] = bytes;
        }

        return new ArrowArray(array.Type, array.Length, buffers,
            [.. array.Children.Select(child => Shaken(child, random))],
            array.Dictionary is { } values ? Shaken(values, random) : null, array.Offset);
    }

    private static void Refused(Action<ArrowArray> read, ArrowArray array)
    {
        InvalidArrowException error = Assert.Throws<InvalidArrowException>(() => read(array));
        Assert.Equal(ErrorCode.InvalidData, error.Code);
        Assert.True(error.Row >= 0, error.Message);
    }

    private static ReadOnlyMemory<byte> Bytes<T>(params T[] values) where T : unmanaged =>
        MemoryMarshal.AsBytes<T>(values).ToArray();
}
