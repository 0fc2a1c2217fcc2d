using ArrowCid.Columnar;
using ArrowCid.Transfer;
using ArrowCid.Ipc;
using ArrowCid.Tests.Columnar;
using ArrowCid.Tests.Generators;

namespace ArrowCid.Tests.Transfer;

/// <summary>What was written reads back under its own schema with its CID.</summary>
public class RowRoundTripTests
{
    [Fact]
    public void Flat_columns_come_back_from_csv_with_their_cid()
    {
        int columns = 0;
        Seeds.Run((random, ignored) =>
        {
            if (Fitting(random.Batch, field => TextColumn.For(field.Type)) is not { } batch) return;
            string text = Rows.Export(RowExport.WriteCsv, batch);
            RowReadOptions options = new() { SchemaView = batch.Schema, CheckFirst = true };
            Assert.Equal(CanonicalBlock.CidOf(batch), Assert.Single(Rows.Cids(Rows.Csv(text, options))));
            columns += batch.Columns.Count;
        });
        if (Seeds.AreMany) Assert.True(columns > 200, $"{columns} columns");
    }

    [Fact]
    public void Nested_columns_come_back_from_json_lines_with_their_cid()
    {
        int columns = 0;
        Seeds.Run((random, ignored) =>
        {
            if (Fitting(random.Batch, field => JsonColumn.For(field, null)) is not { } batch) return;
            string text = Rows.Export(RowExport.WriteJsonLines, batch);
            RowReadOptions options = new() { SchemaView = batch.Schema, CheckFirst = true };
            Assert.Equal(CanonicalBlock.CidOf(batch), Assert.Single(Rows.Cids(Rows.Json(text, options))));
            columns += batch.Columns.Count;
        });
        if (Seeds.AreMany) Assert.True(columns > 300, $"{columns} columns");
    }

    [Fact]
    public void Every_type_comes_back_or_is_refused_by_name()
    {
        var refusedByCsv = new List<string>();
        var refusedByJson = new List<string>();
        foreach ((string name, Func<ArrowArray> make, _) in EveryType.Cases)
        {
            RecordBatch batch = RecordBatch.Of(("v", make()));
            Try(refusedByCsv, RowExport.WriteCsv, (text, options) => Rows.Csv(text, options));
            Try(refusedByJson, RowExport.WriteJsonLines, (text, options) => Rows.Json(text, options));

            void Try(List<string> refused, Action<IEnumerable<RecordBatch>, TextWriter> write,
                Func<string, RowReadOptions, RecordBatch[]> read)
            {
                try
                {
                    string text = Rows.Export(write, batch);
                    RecordBatch back = Assert.Single(read(text, new RowReadOptions { SchemaView = batch.Schema }));
                    Assert.True(CanonicalBlock.CidOf(batch) == CanonicalBlock.CidOf(back), $"{name}: {text}");
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
                {
                    Assert.Contains("v", e.Message, StringComparison.Ordinal);
                    refused.Add(name);
                }
                catch (InvalidTextException e)
                {
                    refused.Add($"{name} (not read)");
                    Assert.Contains("decimal", e.Rule, StringComparison.Ordinal);
                }
            }
        }

        Assert.DoesNotContain(refusedByJson, name => name.Contains("list", StringComparison.Ordinal) && !name.StartsWith("dict", StringComparison.Ordinal));
        Assert.True(refusedByCsv.Count > refusedByJson.Count, string.Join(", ", refusedByCsv));
    }

    [Fact]
    public void Inferred_types_are_the_written_ones_where_text_tells_them()
    {
        RecordBatch batch = Rows.Csv("i,f,b,d,t,s,u,x\n1,1.5,true,2024-02-29,12:30:00.5,2024-02-29T12:30:00.000001,2024-02-29T12:30:00Z,\"a,\"\"b\"\n,,,,,,,\n")[0];
        Assert.Equal("i=int64, f=float64, b=bool, d=date32, t=time32[ms], s=timestamp[us], u=timestamp[s, UTC], x=utf8", Rows.Types(batch));
        Assert.Equal(Rows.Cids([batch]), Rows.Cids(Rows.Csv(Rows.Export(RowExport.WriteCsv, batch))));
        Assert.Equal(Rows.Cids([batch]), Rows.Cids(Rows.Json(Rows.Export(RowExport.WriteJsonLines, batch))));
    }

    [Fact]
    public void What_cannot_be_held_is_refused_before_anything_is_written()
    {
        RecordBatch nested = RecordBatch.Of(("a", ArrowArray.From<int>(new[] { 1 })), ("n", EveryType.Unions(ArrowTypeId.DenseUnion).Slice(0, 1)));
        var writer = new StringWriter();
        ArrowCidException csv = Assert.Throws<ArrowCidException>(() => RowExport.WriteCsv([nested], writer));
        Assert.Equal(ErrorCode.Unsupported, csv.Code);
        Assert.StartsWith("column 'n' is dense_union<", csv.Message, StringComparison.Ordinal);
        ArrowCidException json = Assert.Throws<ArrowCidException>(() => RowExport.WriteJsonLines([nested], writer));
        Assert.StartsWith("n: dense_union<", json.Message, StringComparison.Ordinal);
        RecordBatch twice = RecordBatch.Of(("a", ArrowArray.From<int>(new[] { 1 })), ("a", ArrowArray.From<int>(new[] { 1 })));
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => RowExport.WriteJsonLines([twice], writer)).Code);
        Assert.Equal("", writer.ToString());
    }

    /// <summary>The columns that a format holds, under names of their own; null where there is none. Decimals are left
    /// out: the generator's have more digits than their precision.</summary>
    private static RecordBatch? Fitting(RecordBatch batch, Action<Field> check)
    {
        var fields = new List<Field>();
        var columns = new List<ArrowArray>();
        for (int i = 0; i < batch.Columns.Count; i++)
        {
            Field given = batch.Schema.Fields[i];
            var field = new Field($"{given.Name}{i}", given.Type, given.IsNullable, given.Metadata);
            if (HasDecimals(field.Type)) continue;
            try
            {
                check(field);
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
            {
                continue;
            }

            fields.Add(field);
            columns.Add(batch.Columns[i]);
        }

        return fields.Count == 0 ? null : new RecordBatch(new Schema(fields, batch.Schema.Metadata), batch.Length, [.. columns]);
    }

    private static bool HasDecimals(ArrowType type) => type is DecimalType
        || (type is DictionaryType coded && HasDecimals(coded.ValueType))
        || type.Children.Any(child => HasDecimals(child.Type));
}
