using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipc;

namespace ArrowCid.Tests.Transfer;

public class BatchDiffTests
{
    [Fact]
    public void Equal_rows_are_equal_however_they_are_cut()
    {
        RecordBatch batch = Rows.Csv("a,b\n1,x\n2,\n3,z\n")[0];
        (BatchDiff diff, string[] rows) = Position([batch], [batch.Slice(0, 1), batch.Slice(1, 0), batch.Slice(1, 2)]);
        Assert.True(diff.IsEqual);
        Assert.Empty(rows);
        Assert.Equal((3, 3), (diff.RowsOfA, diff.RowsOfB));
    }

    [Fact]
    public void Rows_are_compared_by_position()
    {
        RecordBatch a = Rows.Csv("a,b\n1,x\n2,\n3,z\n4,w\n")[0], b = Rows.Csv("a,b\n1,x\n2,y\n3,z\n")[0];
        (BatchDiff diff, string[] rows) = Position([a.Slice(0, 2), a.Slice(2, 2)], [b]);
        Assert.Equal(["Changed 1 1 b: {\"a\":2,\"b\":null} {\"a\":2,\"b\":\"y\"}", "OnlyInA 3 -1 : {\"a\":4,\"b\":\"w\"} "], rows);
        Assert.Equal((1, 1, 0), (diff.Changed, diff.OnlyInA, diff.OnlyInB));
    }

    [Fact]
    public void Rows_are_compared_by_key_in_any_order()
    {
        RecordBatch a = Rows.Csv("k,l,v\n1,x,1.5\n2,x,2.5\n2,y,3.5\n")[0];
        RecordBatch b = Rows.Csv("k,l,v\n2,y,3.5\n9,x,0.5\n2,x,7.5\n")[0];
        (BatchDiff diff, string[] rows) = Key([a.Slice(0, 1), a.Slice(1, 2)], [b], "k", "l");
        Assert.Equal(
            [
                "OnlyInB -1 1 :  {\"k\":9,\"l\":\"x\",\"v\":0.5}",
                "Changed 1 2 v: {\"k\":2,\"l\":\"x\",\"v\":2.5} {\"k\":2,\"l\":\"x\",\"v\":7.5}",
                "OnlyInA 0 -1 : {\"k\":1,\"l\":\"x\",\"v\":1.5} ",
            ], rows);
        Assert.Equal((3, 3), (diff.RowsOfA, diff.RowsOfB));
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => Key([a], [b], "k")).Code);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => Key([a], [b], "nope")).Code);
    }

    [Fact]
    public void Values_are_compared_by_their_canonical_bits()
    {
        double payload = BitConverter.Int64BitsToDouble(0x7FF8000000000123);
        RecordBatch a = RecordBatch.Of(("f", ArrowArray.From<double>(new[] { double.NaN, 0.0 })));
        RecordBatch b = RecordBatch.Of(("f", ArrowArray.From<double>(new[] { payload, -0.0 })));
        (_, string[] rows) = Position([a], [b]);
        Assert.Equal(["Changed 1 1 f: {\"f\":0} {\"f\":-0}"], rows);
    }

    [Fact]
    public void Batches_of_one_cid_are_not_opened()
    {
        RecordBatch batch = Rows.Csv("a\n1\n2\n")[0];
        Cid cid = CanonicalBlock.CidOf(batch);
        int opened = 0;
        DiffPart Part() => new(2, cid, () =>
        {
            opened++;
            return (batch, null);
        });
        var diff = new BatchDiff((_, _) => { });
        diff.ByPosition([Part(), Part(), DiffPart.Of(batch)], [Part(), Part(), DiffPart.Of(batch)]);
        Assert.True(diff.IsEqual);
        Assert.Equal((2, 6, 2), (diff.EqualBatches, diff.RowsOfA, opened));
    }

    [Fact]
    public void Schemas_are_compared_and_the_columns_they_share()
    {
        RecordBatch a = Rows.Csv("a,b,c\n1,x,2\n")[0], b = Rows.Csv("b,a,d\nx,5,1\n")[0];
        (BatchDiff diff, string[] rows) = Position([a], [b]);
        Assert.Equal(["column 'c' is only in A", "column 'd' is only in B"], diff.SchemaDifferences);
        Assert.Equal(["Changed 0 0 a: {\"a\":1,\"b\":\"x\",\"c\":2} {\"b\":\"x\",\"a\":5,\"d\":1}"], rows);
        (diff, _) = Position([Rows.Csv("a\n1\n")[0]], [Rows.Csv("a\n1.5\n")[0]]);
        Assert.Equal(["column 'a' is int64 in A and float64 in B: not compared"], diff.SchemaDifferences);
        (diff, _) = Position([a], [a.Slice(0, 0)]);
        Assert.Empty(diff.SchemaDifferences);
    }

    [Fact]
    public void The_rows_that_differ_are_a_batch_of_their_own()
    {
        var type = new DictionaryType(ArrowType.Int8, ArrowType.Utf8);
        RecordBatch a = Rows.Csv("k,v\n1,x\n2,y\n", Rows.Typed($"v={type}"))[0];
        RecordBatch b = Rows.Csv("k,v\n1,x\n2,z\n3,w\n", Rows.Typed($"v={type}"))[0];
        var rows = new DiffRows(a.Schema, b.Schema, []);
        var diff = new BatchDiff((_, each) => rows.Add(each));
        diff.ByPosition([DiffPart.Of(a)], [DiffPart.Of(b)]);
        RecordBatch batch = rows.Take();
        Assert.Equal("{\"change\":\"changed\",\"row_a\":1,\"row_b\":1,\"columns\":[\"v\"],\"a\":{\"k\":2,\"v\":\"y\"},\"b\":{\"k\":2,\"v\":\"z\"}}" +
            "{\"change\":\"only in B\",\"row_a\":null,\"row_b\":2,\"columns\":[],\"a\":null,\"b\":{\"k\":3,\"v\":\"w\"}}", Rows.Text(batch));
        _ = CanonicalBlock.CidOf(batch);
        Assert.Equal(0, rows.Take().Length);
    }

    private static (BatchDiff Diff, string[] Rows) Position(RecordBatch[] a, RecordBatch[] b) =>
        Run(diff => diff.ByPosition(a.Select(DiffPart.Of), b.Select(DiffPart.Of)));

    private static (BatchDiff Diff, string[] Rows) Key(RecordBatch[] a, RecordBatch[] b, params string[] key) =>
        Run(diff => diff.ByKey(a.Select(DiffPart.Of), b.Select(DiffPart.Of), key));

    private static (BatchDiff Diff, string[] Rows) Run(Action<BatchDiff> compare)
    {
        var rows = new List<string>();
        var diff = new BatchDiff((_, each) => rows.Add(string.Create(CultureInfo.InvariantCulture,
            $"{each.Change} {each.RowA} {each.RowB} {string.Join(',', each.Columns)}: {Text(each.A)} {Text(each.B)}")));
        compare(diff);
        return (diff, [.. rows]);
    }

    private static string Text(RecordBatch? row) => row is null ? "" : Rows.Text(row);
}
