using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

public class CheckTests
{
    private const string V1 = "vectors/v1.arrows";

    [Fact]
    public void A_canonical_block_passes()
    {
        CommandResult result = Command.Run("check", V1).Succeeds();
        Assert.Equal($"{V1}: canonical  bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy  3  520\n", result.Text);
    }

    [Fact]
    public void A_stream_that_only_reads_the_same_does_not_pass()
    {
        CommandResult result = Command.Run("check", "vectors/twins/numbers.lz4.arrows", V1).Exits(4);
        Assert.StartsWith("vectors/twins/numbers.lz4.arrows: not canonical\n", result.Text, StringComparison.Ordinal);
        Assert.Contains("\n  message: ", result.Text, StringComparison.Ordinal);
        Assert.Contains("\n  buffer:  ", result.Text, StringComparison.Ordinal);
        Assert.Contains("\n  offset:  ", result.Text, StringComparison.Ordinal);
        Assert.Contains("\n  rule:    ", result.Text, StringComparison.Ordinal);
        Assert.Contains($"\n{V1}: canonical  ", result.Text, StringComparison.Ordinal);
    }

    /// <summary>Every byte is fixed by the format: one changed is always noticed, at that byte or as a stream that no longer reads.</summary>
    [Fact]
    public void A_changed_byte_is_found_where_it_is()
    {
        using var folder = new TemporaryFolder();
        byte[] block = File.ReadAllBytes(Path.Combine(Command.Data, V1));
        var files = new List<string>();
        for (int at = 0; at < block.Length; at += 13)
        {
            byte[] changed = (byte[])block.Clone();
            changed[at] ^= 0x10;
            files.Add(folder.Write($"{at}", changed));
        }

        CommandResult result = Command.Run(["check", "--json", .. files]).Exits(4);
        Assert.Equal(files, result.Json.Select(o => o.GetProperty("file").GetString()));
        int exact = 0;
        foreach (JsonElement verdict in result.Json)
        {
            int at = int.Parse(Path.GetFileName(verdict.GetProperty("file").GetString())!, System.Globalization.CultureInfo.InvariantCulture);
            // A changed value of the batch makes another, canonical block.
            bool isValue = verdict.GetProperty("isCanonical").GetBoolean();
            if (isValue) Assert.NotEqual("bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy", verdict.GetProperty("cid").GetString());
            else Assert.NotEqual("", verdict.GetProperty("rule").GetString());
            if (!isValue && verdict.GetProperty("offset").GetInt64() == at) exact++;
        }

        Assert.True(exact >= files.Count / 4, $"{exact} of {files.Count} named the very byte");
    }

    [Theory]
    [InlineData("vectors/twins.csv")]
    [InlineData("arrow-ipc/1.0.0-littleendian/generated_datetime.stream")]
    public void What_cannot_be_a_block_is_no_block(string file)
    {
        CommandResult result = Command.Run("check", file).Exits(4);
        Assert.StartsWith($"{file}: not canonical\n", result.Text, StringComparison.Ordinal);
        Assert.Contains("  rule:    ", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_another_error() => Command.Run("check", "no-such-file", V1).Exits(3);

    [Fact]
    public void Explain_names_the_rules_of_streams_that_read_the_same()
    {
        CommandResult result = Command.Run("explain", "vectors/twins/numbers.plain.arrows", "vectors/twins/numbers.lz4.arrows").Succeeds();
        Assert.StartsWith("same batches, same CIDs; the streams differ in:\n", result.Text, StringComparison.Ordinal);
        Assert.Contains("compress", result.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("same batches, same bytes\n", Command.Run("explain", V1, V1).Succeeds().Text);
    }

    [Fact]
    public void Explain_names_the_file_that_it_cannot_read()
    {
        using var folder = new TemporaryFolder();
        string broken = folder.Write("broken", [1, 2, 3]);
        foreach (string[] files in (string[][])[[V1, broken], [broken, V1]])
        {
            CommandResult result = Command.Run(["explain", .. files]).Exits(4);
            Assert.StartsWith($"arrowcid: {broken}: ", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Explain_names_the_first_value_that_differs()
    {
        using var folder = new TemporaryFolder();
        byte[] block = File.ReadAllBytes(Path.Combine(Command.Data, V1));
        int value = block.Length - 8 - 64 + 8;
        Assert.Equal(3, block[value]);
        block[value] = 4;
        CommandResult result = Command.Run("explain", V1, folder.Write("other", block)).Succeeds();
        Assert.StartsWith("the batches differ:\n", result.Text, StringComparison.Ordinal);
        Assert.Contains("field 'v', row 2", result.Text, StringComparison.Ordinal);
        JsonElement json = Assert.Single(Command.Run("explain", "--json", V1, folder.PathOf("other")).Succeeds().Json);
        Assert.Equal((2, "v", "3", "4"), (json.GetProperty("row").GetInt32(), json.GetProperty("field").GetString(),
            json.GetProperty("inA").GetString(), json.GetProperty("inB").GetString()));
    }
}
