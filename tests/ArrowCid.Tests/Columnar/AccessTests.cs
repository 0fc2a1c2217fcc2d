using System.Buffers;
using System.Text;
using ArrowCid.Columnar;
using Microsoft.Win32.SafeHandles;

namespace ArrowCid.Tests.Columnar;

public class AccessTests
{
    // The sketch of the README: what a user writes first.
    [Fact]
    public void A_batch_of_three_columns_is_built_and_read()
    {
        var symbol = new BytesBuilder();
        symbol.AppendRange("ACME", "INIT", null);
        var size = new FixedBuilder<long>();
        size.Append(100);
        size.AppendNull();
        size.Append(250);
        double[] prices = [10.5, 10.75, 11];
        RecordBatch batch = RecordBatch.Of(
            ("symbol", symbol.Build()),
            ("px", ArrowArray.From<double>(prices)),
            ("size", size.Build()));

        ReadOnlySpan<double> px = batch.Column<double>("px").Values;
        Assert.Equal(10.75, px[1]);
        Column<long> sizes = batch.Column<long>("size");
        Assert.Equal([100, null, 250], Enumerable.Range(0, sizes.Length).Select(i => sizes[i]));
        Assert.Equal("INIT", batch.Column("symbol").GetString(1));
        Assert.Null(batch.Column("symbol").GetString(2));
        Assert.Equal(1, sizes.NullCount);
        Assert.Equal([250], batch.Slice(2, 1).Column<long>("size").Values.ToArray());
    }

    [Fact]
    public void A_column_read_as_another_type_names_both()
    {
        RecordBatch batch = RecordBatch.Of(("px", ArrowArray.From<float>(new float[] { 1 })),
            ("s", EveryType.Texts(ArrowType.Utf8)).Cut(1));
        ArrowCidException wrong = Assert.Throws<ArrowCidException>(() => batch.Column<double>("px"));
        Assert.Equal(ErrorCode.SchemaMismatch, wrong.Code);
        Assert.Equal("Column 'px' is float32, which is not Double. Read it as Single.", wrong.Message);
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => batch.Column<int>("s")).Code);
        Assert.Equal(ErrorCode.SchemaMismatch,
            Assert.Throws<ArrowCidException>(() => batch.Column<int>("absent")).Code);
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => batch.Column<int>("px")).Code);
    }

    [Fact]
    public void Typed_columns_read_logical_types_by_their_storage()
    {
        Assert.Equal(19782, EveryType.Fixed<int>(ArrowType.Date32, 19782).As<int>()[0]);
        Assert.Equal((Int128)(-5), EveryType.Fixed<Int128>(new DecimalType(128, 5, 2), -5).As<Int128>()[0]);
        var interval = new MonthDayNanoInterval(1, -2, 3);
        Assert.Equal(interval, ArrowArray.From<MonthDayNanoInterval>(new[] { interval }).As<MonthDayNanoInterval>()[0]);
        var guid = Guid.NewGuid();
        ArrowArray guids = ArrowArray.From<Guid>(new[] { guid }, new FixedSizeBinaryType(16));
        Assert.Equal(guid, guids.As<Guid>().Values[0]);
        Assert.Equal(guid.ToByteArray(), guids.GetBytes(0).ToArray());
        Assert.Throws<ArgumentException>(() => ArrowArray.From<Guid>(new[] { guid }));
        Assert.Throws<ArgumentException>(() => ArrowArray.From<char>("ab".AsMemory()));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(Column<int>).IsNull(0));
        Assert.Equal(0, default(Column<int>).Values.Length);
    }

    [Fact]
    public void Wrapped_values_are_not_copied_and_can_be_pinned()
    {
        int[] values = [1, 2, 3, 4];
        ArrowArray array = ArrowArray.From<int>(values.AsMemory(1), validity: new byte[] { 0b101 });
        values[1] = 20;
        Assert.Equal([20, 3, 4], array.Values<int>().ToArray());
        Assert.Equal([20, null, 4], Enumerable.Range(0, 3).Select(i => array.As<int>()[i]));
        // A gathering write pins each part and hands its address to the system.
        string path = Path.GetTempFileName();
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite,
            options: FileOptions.DeleteOnClose))
        {
            RandomAccess.Write(file, [array.Buffers[1][4..], array.Buffers[1][..3]], 0);
            byte[] written = new byte[11];
            Assert.Equal(11, RandomAccess.Read(file, written, 0));
            Assert.Equal([3, 0, 0, 0, 4, 0, 0, 0, 20, 0, 0], written);
        }

        GC.Collect();
        using MemoryHandle atEnd = array.Buffers[1][12..].Pin();
        Assert.Equal(0, array.Buffers[1][12..].Length);
    }

    [Theory]
    [InlineData(nameof(ArrowTypeId.List)), InlineData(nameof(ArrowTypeId.LargeList)), InlineData(nameof(ArrowTypeId.ListView)),
        InlineData(nameof(ArrowTypeId.LargeListView))]
    public void A_list_gives_its_elements_and_nothing_for_a_null(string kind)
    {
        var id = Enum.Parse<ArrowTypeId>(kind);
        ArrowArray lists = EveryType.Lists(id).Slice(1, 3);
        Assert.Equal(0, lists.GetList(0).Length);
        Assert.Equal(0, lists.GetList(1).Length);
        Assert.Equal(3, lists.GetList(2).As<int>()[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => lists.GetList(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => lists.GetList(-1));
    }

    [Fact]
    public void A_field_of_a_sliced_struct_starts_where_the_slice_does()
    {
        ArrowArray slice = EveryType.Structs().Slice(2, 1);
        Assert.Equal("y", slice.Field("b").GetString(0));
        Assert.True(slice.Field(0).IsNull(0));
        Assert.Equal(1, slice.Field(0).Length);
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => slice.Field("z")).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => slice.Field(2));
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => slice.Field("b").Field(0)).Code);
    }

    [Theory]
    [InlineData(nameof(ArrowTypeId.SparseUnion)), InlineData(nameof(ArrowTypeId.DenseUnion))]
    public void A_union_says_which_slot_of_which_child_it_selects(string kind)
    {
        var id = Enum.Parse<ArrowTypeId>(kind);
        ArrowArray slice = EveryType.Unions(id).Slice(3, 2);
        (int child, int slot) = slice.GetUnionSlot(0);
        Assert.Equal(1, child);
        Assert.Equal("y", slice.Field(child).GetString(slot));
        (child, slot) = slice.GetUnionSlot(1);
        Assert.Equal(2, slice.Field("i").As<int>()[slot]);
    }

    [Fact]
    public void Text_and_booleans_are_read_through_dictionaries_and_runs()
    {
        ArrowArray runs = EveryType.Runs(ArrowType.Int32);
        Assert.Equal([0, 0, 1, 2, 2, 2], Enumerable.Range(0, 6).Select(runs.GetRun));
        Assert.Equal("b", runs.Slice(4, 2).GetString(1));
        Assert.Null(runs.GetString(2));
        Assert.Equal(0, runs.GetBytes(2).Length);
        var flags = new FixedBuilder<bool>();
        var dictionary = new DictionaryBuilder(new DictionaryType(ArrowType.Int8, ArrowType.Boolean), flags);
        foreach (bool flag in new[] { true, false, true }) dictionary.Append(flag);
        dictionary.AppendNull();
        ArrowArray built = dictionary.Build();
        Assert.Equal([true, false, true, false], Enumerable.Range(0, 4).Select(built.GetBoolean));
        Assert.Equal(2, built.Dictionary!.Length);
    }

    [Fact]
    public void An_accessor_of_another_kind_is_refused_also_for_nulls_of_lists()
    {
        ArrowArray numbers = ArrowArray.From<int>(new[] { 1 });
        foreach (Action read in new Action[]
        {
            () => numbers.GetString(0), () => numbers.GetBoolean(0), () => numbers.GetList(0), () => numbers.GetRun(0),
            () => numbers.GetUnionSlot(0), () => EveryType.Structs().GetBytes(0),
            () => EveryType.Fixed<int>(ArrowType.Int32, [null]).GetList(0),
        })
        {
            Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(read).Code);
        }

        Assert.Equal("\u0001\0\0\0", Encoding.ASCII.GetString(numbers.GetBytes(0)));
    }
}

file static class Columns
{
    public static (string Name, ArrowArray Values) Cut(this (string Name, ArrowArray Values) column, int length) =>
        (column.Name, column.Values.Slice(0, length));
}
