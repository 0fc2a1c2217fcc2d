using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.ProcessTests.Cli;

public class HashTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Line = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy  3  520";

    [Fact]
    public void A_line_is_CID_rows_bytes_file_and_batch()
    {
        CommandResult result = Command.Run("hash", V1).Succeeds();
        Assert.Equal($"{V1Line}  {V1}#0\n", result.Text);
    }

    [Fact]
    public void Every_vector_has_the_CID_of_the_table()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Command.Data, "vectors/blocks.csv")).Skip(1),
            .. File.ReadLines(Path.Combine(Command.Data, "vectors/more.csv")).Skip(1).Select(row => $"vectors/{row}")];
        string[][] expected = [.. rows.Select(row => row.Split(','))];
        Assert.True(expected.Length > 80, $"{expected.Length} rows");
        // The table names the sample as it lies beside other data.
        const string Sample = "data/flights-200k.arrow";
        string[] files = [.. rows.Select(row => row.Split(',')[0]).Distinct().Select(file => file == Sample ? Command.Sample : file)];
        CommandResult result = Command.Run(["hash", .. files]).Succeeds();
        Assert.Equal(expected.Length, result.Lines.Length);
        foreach ((string[] cells, string line) in expected.Zip(result.Lines))
        {
            string[] shown = line.Replace(Command.Sample, Sample, StringComparison.Ordinal).Split("  ");
            Assert.Equal((cells[4], cells[3], $"{cells[0]}#{cells[1]}"), (shown[0], shown[2], shown[3]));
            // pyarrow, which wrote the table, cannot count the rows of some types.
            if (cells[2].Length > 0) Assert.Equal(cells[2], shown[1]);
        }
    }

    [Fact]
    public void Twins_have_one_CID()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(Command.Data, "vectors/twins.csv")).Skip(1)];
        CommandResult result = Command.Run(["hash", .. rows.Select(row => $"vectors/twins/{row.Split(',')[0]}")]).Succeeds();
        Assert.Equal(rows.Select(row => row.Split(',')[1]), result.Lines.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Json_has_one_object_a_line()
    {
        CommandResult result = Command.Run("hash", "--json", V1, "arrow-ipc/cpp-21.0.0/generated_primitive.stream").Succeeds();
        Assert.True(result.Json.Length > 2);
        Assert.All(result.Json, o => Assert.Equal(["cid", "schemaCid", "rows", "bytes", "file", "batch"],
            o.EnumerateObject().Select(member => member.Name)));
        JsonElement first = result.Json[0];
        Assert.Equal((3, 520, V1, 0), (first.GetProperty("rows").GetInt32(), first.GetProperty("bytes").GetInt32(),
            first.GetProperty("file").GetString(), first.GetProperty("batch").GetInt32()));
        Assert.StartsWith(first.GetProperty("cid").GetString(), V1Line, StringComparison.Ordinal);
        Assert.True(Cid.TryParse(first.GetProperty("schemaCid").GetString(), out _));
    }

    [Fact]
    public void Standard_input_is_a_dash()
    {
        byte[] file = File.ReadAllBytes(Path.Combine(Command.Data, V1));
        Assert.Equal($"{V1Line}  -#0\n", Command.Run(["hash", "-"], file, null).Succeeds().Text);
        byte[] whole = File.ReadAllBytes(Command.Sample);
        Assert.Equal(Command.Run("hash", Command.Sample).Succeeds().Text.Split(' ')[0],
            Command.Run(["hash", "-"], whole, null).Succeeds().Text.Split(' ')[0]);
    }

    [Fact]
    public void A_file_that_fails_does_not_stop_the_others()
    {
        CommandResult result = Command.Run("hash", V1, "vectors/no-such-file.arrows", "arrow-ipc/LICENSE", V1).Exits(3);
        Assert.Equal([$"{V1Line}  {V1}#0", $"{V1Line}  {V1}#0"], result.Lines);
        string[] errors = result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, errors.Length);
        Assert.Equal("arrowcid: vectors/no-such-file.arrows: no such file", errors[0]);
        Assert.StartsWith("arrowcid: arrow-ipc/LICENSE: ", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Batches_before_a_fault_are_printed()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = File.ReadAllBytes(Path.Combine(Command.Data, "arrow-ipc/1.0.0-littleendian/generated_datetime.stream"));
        CommandResult whole = Command.Run(["hash", "-"], bytes, null).Succeeds();
        Assert.Equal(2, whole.Lines.Length);
        CommandResult cut = Command.Run("hash", folder.Write("cut", bytes[..(bytes.Length - 200)])).Exits(4);
        Assert.Equal(whole.Lines[0].Split(' ')[0], Assert.Single(cut.Lines).Split(' ')[0]);
        Assert.DoesNotContain("   at ", cut.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_is_kept_unless_its_key_is_dropped()
    {
        using var folder = new TemporaryFolder();
        string plain = folder.Write("plain", Stream([], []));
        string dressed = folder.Write("dressed", Stream([new("pandas", "{}"), new("author", "me")], [new("unit", "EUR")]));
        string half = folder.Write("half", Stream([new("author", "me")], [new("unit", "EUR")]));
        string Hash(params string[] arguments) => Command.Run(["hash", .. arguments]).Succeeds().Text.Split(' ')[0];
        Assert.NotEqual(Hash(plain), Hash(dressed));
        Assert.Equal(Hash(half), Hash("--drop-metadata", "pandas", dressed));
        Assert.Equal(Hash(plain),
            Hash(dressed, "--drop-metadata", "pandas", "--drop-metadata", "author", "--drop-metadata", "unit"));
    }

    private static byte[] Stream(KeyValuePair<string, string>[] ofSchema, KeyValuePair<string, string>[] ofField)
    {
        var item = new Field("item", ArrowType.Int32, nullable: true, ofField);
        var schema = new Schema([new Field("l", new ListType(item), nullable: true, ofField)], ofSchema);
        var items = new ArrowArray(ArrowType.Int32, 1, [default, new byte[] { 5, 0, 0, 0 }]);
        var list = new ArrowArray(schema.Fields[0].Type, 1, [default, new byte[] { 0, 0, 0, 0, 1, 0, 0, 0 }], [items]);
        using var stream = new MemoryStream();
        using (var writer = new ArrowWriter(stream, schema)) writer.Write(new RecordBatch(schema, 1, list));
        return stream.ToArray();
    }
}
