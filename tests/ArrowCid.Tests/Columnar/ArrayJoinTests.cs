using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Tests.Ipc;

namespace ArrowCid.Tests.Columnar;

public sealed class ArrayJoinTests
{
    private static readonly FieldPath s_path = new(null, "path");

    [Fact]
    public void Every_fixture_cut_in_parts_and_joined_says_the_same()
    {
        var layouts = new HashSet<BufferLayout>();
        foreach (string name in IpcData.Valid().Where(IpcData.IsSmall))
        {
            foreach (RecordBatch batch in ArrowReaderFixtureTests.ReadAll(ArrowReader.Open(IpcData.Bytes(name))))
            {
                foreach (ArrowArray column in batch.Columns) CutAndJoin(column, name, layouts);
            }
        }

        Assert.Equal(Enum.GetValues<BufferLayout>().Order(), layouts.Order());
    }

    [Fact]
    public void Views_into_several_buffers_are_renumbered_and_bad_ones_stay_bad()
    {
        ArrowArray first = View(0, "first of them all"), bad = View(1, "there is no buffer 1"), last = View(0, "the last of them");
        ArrowArray joined = Join(first, bad, last);
        Assert.Equal(SlotText.Of(first, 0), SlotText.Of(joined, 0));
        Assert.Equal(SlotText.Of(last, 0), SlotText.Of(joined, 2));
        Assert.Equal(int.MaxValue, MemoryMarshal.Read<int>(joined.Buffers[1].Span[24..]));
    }

    [Fact]
    public void List_views_that_point_outside_their_part_do_not_point_into_another()
    {
        var type = new ListType(new Field("item", ArrowType.Int32), ArrowTypeId.ListView);
        ArrowArray Part(int offset, int size) => new(type, 1, [default, Ints(offset), Ints(size)], [Int32s(5, 6)]);
        ArrowArray joined = Join(Part(0, 2), Part(1, 2), Part(-1, 1), Part(1, 1));
        Assert.Equal([0, int.MaxValue, int.MaxValue, 7], MemoryMarshal.Cast<byte, int>(joined.Buffers[1].Span).ToArray());
        Assert.Equal("[06000000]", SlotText.Of(joined, 3));
    }

    [Fact]
    public void Union_offsets_outside_their_part_stay_outside()
    {
        var type = new UnionType(ArrowTypeId.DenseUnion, [new Field("a", ArrowType.Int32)], [3]);
        ArrowArray Part(sbyte code, int offset) => new(type, 1, [new[] { (byte)code }, Ints(offset)], [Int32s(5, 6)]);
        ArrowArray joined = Join(Part(3, 1), Part(3, 2), Part(4, 0), Part(3, 0));
        Assert.Equal([1, int.MaxValue, int.MaxValue, 6], MemoryMarshal.Cast<byte, int>(joined.Buffers[1].Span).ToArray());
    }

    [Theory]
    [InlineData(0, 3, 2)]
    [InlineData(0, 1, 4)]
    [InlineData(-1, 1, 2)]
    public void Offsets_that_run_backward_or_outside_are_refused(int a, int b, int c)
    {
        var broken = new ArrowArray(ArrowType.Binary, 2, [default, Ints(a, b, c), new byte[3]]);
        var fault = Assert.Throws<InvalidArrowException>(() => Join(broken, broken));
        Assert.Equal("a dictionary's offsets run backward or outside their data", fault.Rule);
        Assert.Equal("path", fault.FieldPath);
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(0, 3)]
    [InlineData(1, 2)]
    public void Run_ends_that_do_not_rise_or_do_not_reach_are_refused(int a, int b)
    {
        var type = new RunEndEncodedType(ArrowType.Int32, ArrowType.Int32);
        var broken = new ArrowArray(type, 3, [], [Int32s(a, b), Int32s(5, 6)]);
        var fault = Assert.Throws<InvalidArrowException>(() => Join(broken, broken));
        Assert.Equal("a dictionary's run ends do not rise, or end before its last slot", fault.Rule);
    }

    [Fact]
    public void Run_ends_too_small_to_count_the_whole_are_refused()
    {
        var type = new RunEndEncodedType(ArrowType.Int16, ArrowType.Int32);
        byte[] ends = new byte[2];
        MemoryMarshal.Write(ends, (short)20_000);
        var part = new ArrowArray(type, 20_000, [], [new ArrowArray(ArrowType.Int16, 1, [default, ends]), Int32s(5)]);
        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<InvalidArrowException>(() => Join(part, part)).Code);
    }

    [Fact]
    public void More_slots_than_an_array_has_are_refused()
    {
        var part = new ArrowArray(ArrowType.Null, int.MaxValue, []);
        var fault = Assert.Throws<InvalidArrowException>(() => Join(part, part));
        Assert.Equal(ErrorCode.TooLarge, fault.Code);
        Assert.Equal("joined dictionaries have 4294967294 slots, over 2^31 - 1", fault.Rule);
    }

    [Fact]
    public void The_budget_is_asked_before_memory_is_taken()
    {
        ArrowArray part = Int32s([.. Enumerable.Range(0, 1000)]);
        var budget = new ByteBudget(7999);
        Assert.Equal(ErrorCode.TooLarge,
            Assert.Throws<InvalidArrowException>(() => ArrayJoin.Join([part, part], s_path, budget)).Code);
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void Nothing_is_copied_of_a_lone_part()
    {
        ArrowArray part = Int32s(1, 2);
        Assert.Same(part, Join(part.Slice(0, 0), part, part.Slice(2, 0)));
    }

    private static void CutAndJoin(ArrowArray column, string name, HashSet<BufferLayout> layouts)
    {
        Meet(column);
        if (column.Length < 3) return;
        int third = column.Length / 3;
        ArrowArray[] parts =
            [column.Slice(0, third), column.Slice(third, third), column.Slice(2 * third, column.Length - 2 * third)];
        ArrowArray joined = Join(parts);
        Assert.Equal(column.Length, joined.Length);
        for (int i = 0; i < column.Length; i++)
            Assert.True(SlotText.Of(column, i) == SlotText.Of(joined, i), $"{name}, {column.Type}, slot {i}");

        void Meet(ArrowArray array)
        {
            if (array.Length >= 3 || array.Layout == BufferLayout.Null) layouts.Add(array.Layout);
            foreach (ArrowArray child in array.Children) Meet(child);
        }
    }

    private static ArrowArray Join(params ArrowArray[] parts) =>
        ArrayJoin.Join(parts, s_path, new ByteBudget(long.MaxValue));

    private static byte[] Ints(params int[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static ArrowArray Int32s(params int[] values) => new(ArrowType.Int32, values.Length, [default, Ints(values)]);

    private static ArrowArray View(int buffer, string text)
    {
        byte[] data = [.. text.Select(letter => (byte)letter)];
        byte[] view = [.. Ints(data.Length), .. data[..4], .. Ints(buffer, 0)];
        return new ArrowArray(ArrowType.BinaryView, 1, [default, view, data]);
    }
}
