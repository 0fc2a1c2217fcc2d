using System.Text;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>CSV and JSON lines through the command, and what differs.</summary>
public class RowVerbsTests
{
    private const string Csv = "id,at,px\n1,2024-02-29T12:30:00.5Z,1.5\n2,,\n3,2024-03-01T00:00:00Z,NaN\n";

    private const string Json = """
        {"id":1,"at":"2024-02-29T12:30:00.5Z","px":1.5}
        {"id":2}
        {"px":3,"at":"2024-03-01T00:00:00Z","id":3}

        """;

    [Fact]
    public void Files_are_read_by_their_names_and_standard_input_as_is_said()
    {
        using var folder = new TemporaryFolder();
        string csv = Write(folder, "a.csv", Csv);
        string cid = Cid(Command.Run("hash", csv));
        Assert.Equal(cid, Cid(Command.Run(["hash", "--format", "csv", "-"], Encoding.UTF8.GetBytes(Csv), null)));
        Assert.Equal(cid, Cid(Command.Run("hash", Write(folder, "a.tsv", Csv.Replace(',', '\t')))));
        Assert.Equal(cid, Cid(Command.Run("hash", "--delimiter", ";", Write(folder, "b.csv", Csv.Replace(',', ';')))));
        Assert.Equal(cid, Cid(Command.Run("hash", "--types", "px=float64", "--format", "csv", Write(folder, "plain", Csv))));
        string json = Cid(Command.Run("hash", Write(folder, "a.jsonl", Json)));
        Assert.NotEqual(cid, json);
        Assert.Equal(json, Cid(Command.Run("hash", Write(folder, "c.csv", Csv.Replace("NaN", "3", StringComparison.Ordinal)))));
        Assert.Equal(2, Command.Run("hash", "--rows-per-block", "2", csv).Succeeds().Lines.Length);
    }

    [Fact]
    public void A_fault_has_file_line_and_column_and_nothing_of_its_file_is_put()
    {
        using var folder = new TemporaryFolder();
        string bad = Write(folder, "bad.csv", "a,b\n1,2\n3,4\n5\n"), good = Write(folder, "good.csv", "a,b\n1,2\n");
        CommandResult put = Command.Run(["put", "--rows-per-block", "1", bad, good], null, folder.Store).Exits(4);
        Assert.Equal($"arrowcid: {bad}:4:2: the row has 1 fields where 2 are due\n", put.Errors);
        Assert.EndsWith($"{good}#0  new", Assert.Single(put.Lines), StringComparison.Ordinal);
        string late = Write(folder, "late.csv", "a\n1\n2\nx\n");
        put = Command.Run(["put", "--rows-per-block", "1", "--types", "a=int8", late], null, folder.Store).Exits(4);
        Assert.Equal($"arrowcid: {late}:4:1: 'a' is int8, and 'x' is no such value\n", put.Errors);
        Assert.Empty(put.Lines);
        Assert.Single(Command.Run(["ls"], null, folder.Store).Succeeds().Lines);
    }

    [Fact]
    public void What_cat_writes_is_put_again_under_its_cid()
    {
        using var folder = new TemporaryFolder();
        string cid = Cid(Command.Run(["put", Write(folder, "a.csv", Csv)], null, folder.Store));
        Assert.True(Command.Run(["get", cid, "-o", folder.PathOf("a.arrows")], null, folder.Store).Succeeds().Bytes.Length == 0);
        foreach (string format in (string[])["csv", "json"])
        {
            byte[] text = Command.Run(["cat", cid, "--format", format], null, folder.Store).Succeeds().Bytes;
            CommandResult again = Command.Run(["put", "--format", format, "--schema", folder.PathOf("a.arrows"), "-"], text, folder.Store);
            Assert.EndsWith("  known", Assert.Single(again.Succeeds().Lines), StringComparison.Ordinal);
            Assert.Equal(cid, Cid(again));
        }
    }

    [Theory]
    [InlineData("hash", "--types", "a=int65", "x.csv")]
    [InlineData("hash", "--types", "a=int64", "--schema", "vectors/v1.arrows", "x.csv")]
    [InlineData("hash", "--delimiter", "ab", "x.csv")]
    [InlineData("hash", "--format", "xml", "x.csv")]
    [InlineData("diff", "-", "-")]
    public void Misuse_is_refused(params string[] arguments) => Command.Run(arguments).Exits(2);

    [Fact]
    public void Diff_shows_rows_and_says_by_its_exit_code_whether_there_are_any()
    {
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", "k,v\n1,x\n2,y\n3,z\n"), b = Write(folder, "b.csv", "k,v\n1,x\n3,w\n4,z\n");
        CommandResult diff = Command.Run("diff", a, b).Succeeds();
        Assert.Equal(
            """
            row  column  type   A    B
            ---  ------  -----  ---  ---
              1  k       int64  2    3
              1  v       utf8   "y"  "w"
              2  k       int64  3    4
            2 rows changed, 0 only in A, 0 only in B; 3 rows in A, 3 in B

            """.ReplaceLineEndings("\n"), diff.Text);
        Assert.Equal("equal: 3 rows\n", Command.Run("diff", a, a, "--exit-code").Succeeds().Text);
        CommandResult keyed = Command.Run("diff", a, b, "--key", "k", "--json", "--exit-code").Exits(1);
        Assert.Equal(["changed", "only in B", "only in A"],
            keyed.Json[..3].Select(row => row.GetProperty("change").GetString()));
        JsonElement end = keyed.Json[^1];
        Assert.Equal((false, 1, 1, 1), (end.GetProperty("isEqual").GetBoolean(), end.GetProperty("changed").GetInt32(),
            end.GetProperty("onlyInA").GetInt32(), end.GetProperty("onlyInB").GetInt32()));
        string output = folder.PathOf("changes.arrows");
        _ = Command.Run("diff", a, b, "--key", "k", "-o", output).Succeeds();
        Assert.Equal("3", Command.Run("hash", output).Succeeds().Text.Split("  ")[1]);
    }

    [Fact]
    public void Diff_takes_batches_of_a_store_and_does_not_look_at_equal_ones()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, "a.csv", Csv);
        string cid = Cid(Command.Run(["put", file, "--name", "one"], null, folder.Store));
        Assert.Equal("equal: 3 rows\n", Command.Run(["diff", cid, file], null, folder.Store).Succeeds().Text);
        Assert.Equal("equal: 3 rows; 1 batches have one CID\n", Command.Run(["diff", cid, "@one"], null, folder.Store).Succeeds().Text);
        _ = Command.Run(["diff", "@two", file], null, folder.Store).Exits(3);
        string bad = Write(folder, "bad.csv", "a\n\"");
        CommandResult refused = Command.Run(["diff", cid, bad], null, folder.Store).Exits(4);
        Assert.StartsWith($"arrowcid: {bad}:2:1: ", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Diff_shows_the_key_when_rows_are_compared_by_it()
    {
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", "id,s,v\n1,x,10\n2,y,20\n");
        string b = Write(folder, "b.csv", "id,s,v\n2,y,21\n1,x,10\n3,z,30\n");
        Assert.Equal(
            """
            id  s  column     type   A   B
            --  -  ---------  -----  --  ------------------------
             2  y  v          int64  20  21
             3  z  only in B             {"id":3,"s":"z","v":30}
            1 rows changed, 0 only in A, 1 only in B; 2 rows in A, 3 in B

            """.ReplaceLineEndings("\n").Replace("------------------------", "-----------------------", StringComparison.Ordinal),
            Command.Run("diff", a, b, "--key", "id,s").Succeeds().Text);
        JsonElement row = Command.Run("diff", a, b, "--key", "id,s", "--json").Succeeds().Json[0];
        Assert.Equal("{\"id\":2,\"s\":\"y\"}", row.GetProperty("key").GetRawText());
        string output = folder.PathOf("changes.arrows");
        _ = Command.Run("diff", a, b, "--key", "id,s", "-o", output).Succeeds();
        string cid = Cid(Command.Run(["put", output], null, folder.Store));
        JsonElement[] rows = Command.Run(["cat", cid, "--column", "key", "--format", "json"], null, folder.Store).Succeeds().Json;
        Assert.Equal(["{\"id\":2,\"s\":\"y\"}", "{\"id\":3,\"s\":\"z\"}"], rows.Select(each => each.GetProperty("key").GetRawText()));
    }

    [Fact]
    public void Diff_names_the_columns_that_it_did_not_compare()
    {
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", "k,v,w\n1,x,1\n"), b = Write(folder, "b.csv", "k,v\n1,2\n");
        string text = Command.Run("diff", a, b, "--exit-code").Exits(1).Text;
        Assert.EndsWith("no change in the columns that were compared, 0 only in A, 0 only in B; 1 rows in A, 1 in B; " +
            "not compared: 'v', 'w'\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("0 rows changed", text, StringComparison.Ordinal);
        JsonElement end = Command.Run("diff", a, b, "--json").Succeeds().Json[^1];
        Assert.Equal(["v", "w"], end.GetProperty("notCompared").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Diff_compares_texts_of_two_encodings_by_value()
    {
        using var folder = new TemporaryFolder();
        string a = Write(folder, "a.csv", "k,v\n1,x\n2,\n"), b = Write(folder, "b.csv", "k,v\n1,x\n2,y\n");
        foreach (string type in (string[])["large_utf8", "utf8_view", "dictionary<int32, utf8>"])
        {
            string other = folder.PathOf("other.arrows");
            string cid = Cid(Command.Run(["put", "--types", $"v={type}", a], null, folder.Store));
            CommandResult same = Command.Run(["diff", a, cid, "--exit-code"], null, folder.Store).Exits(1);
            Assert.EndsWith("same values, other encoding: 2 rows\n", same.Text, StringComparison.Ordinal);
            CommandResult changed = Command.Run(["diff", cid, b, "--key", "k"], null, folder.Store).Succeeds();
            Assert.Contains($"\n2  v       {type} / utf8  null  \"y\"\n", changed.Text, StringComparison.Ordinal);
            CommandResult keyed = Command.Run(["diff", cid, b, "--key", "v", "-o", other], null, folder.Store).Succeeds();
            Assert.Contains("1 only in A, 1 only in B", keyed.Text, StringComparison.Ordinal);
        }
    }

    private static string Write(TemporaryFolder folder, string name, string text) => folder.Write(name, Encoding.UTF8.GetBytes(text));

    private static string Cid(CommandResult result) => Assert.Single(result.Succeeds().Lines).Split(' ')[0];
}
