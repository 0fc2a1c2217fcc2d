using ArrowCid.Columnar;

namespace ArrowCid.Tests.Columnar;

public class EveryTypeTests
{
    [Fact]
    public void The_cases_cover_every_type_of_the_format()
    {
        ArrowTypeId[] made = [.. EveryType.Cases.Select(item => item.Make().Type.Id).Distinct().Order()];
        Assert.Equal(Enum.GetValues<ArrowTypeId>().Order(), made);
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void What_is_built_reads_back_as_it_was_appended(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        Assert.Equal(json, Json(array));
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void A_slice_reads_as_a_part_of_the_whole(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        for (int start = 0; start <= json.Length; start++)
        {
            for (int length = 0; length <= json.Length - start; length++)
            {
                ArrowArray slice = array.Slice(start, length);
                Assert.Equal(json[start..(start + length)], Json(slice));
                Assert.Equal(
                    json[start..(start + length)], Json(new ArrowArray(slice.Type, length, slice.Buffers.ToArray(),
                    [.. slice.Children], slice.Dictionary, slice.Offset)));
            }
        }
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void A_slot_is_null_where_its_value_is_and_never_in_a_union(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        for (int i = 0; i < json.Length; i++)
            Assert.Equal(json[i] == "null" && array.Type is not UnionType, array.IsLogicallyNull(i));
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void Any_type_inside_a_list_in_a_struct_reads_back(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        var list = new ArrowArray(
            new ListType(new Field("item", array.Type)), 2, [default, Offsets(0, 1, json.Length)], [array]);
        var outer = new ArrowArray(new StructType(new Field("f", list.Type)), 2, [default], [list]);
        Assert.Equal([$"{{\"f\":[{json[0]}]}}", $"{{\"f\":[{string.Join(',', json[1..])}]}}"], Json(outer));
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void A_builder_is_empty_after_a_build_and_makes_nulls_of_its_type(string name)
    {
        ArrowType type = EveryType.Get(name).Array.Type;
        ArrowArrayBuilder builder = ArrowArrayBuilder.For(type);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(0, builder.Length);
            for (int i = 0; i < round * 9; i++) builder.AppendNull();
            Assert.Equal(round * 9, builder.Length);
            ArrowArray array = builder.Build();
            Assert.Equal(type, array.Type);
            Assert.Equal(Enumerable.Repeat("null", round * 9), Json(array));
        }
    }

    [Theory, MemberData(nameof(EveryType.Names), MemberType = typeof(EveryType))]
    public void Every_type_prints_as_table_and_csv(string name)
    {
        (ArrowArray array, string[] json) = EveryType.Get(name);
        RecordBatch batch = RecordBatch.Of(("v", array));
        var table = new StringWriter();
        BatchText.WriteTable(batch, table);
        Assert.Equal(3 + json.Length, table.ToString().Split('\n').Length - 1);
        Assert.Equal(
            json.Count(text => text == "null"), table.ToString().Split('\n')[3..].Count(line => line.Trim() == "null"));
        var csv = new StringWriter();
        BatchText.WriteCsv(batch, csv);
        Assert.StartsWith("v\r\n", csv.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\r\n", csv.ToString(), StringComparison.Ordinal);
    }

    private static ReadOnlyMemory<byte> Offsets(params int[] offsets) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>(offsets).ToArray();

    internal static string[] Json(ArrowArray array)
    {
        var text = new StringWriter();
        BatchText.WriteJsonLines(RecordBatch.Of(("v", array)), text);
        string[] lines = text.ToString().Split('\n');
        foreach (string line in lines[..^1]) System.Text.Json.JsonDocument.Parse(line).Dispose();
        return [.. lines[..^1].Select(line => line["{\"v\":".Length..^1])];
    }
}
