using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>What a store holds and takes, whether it is sound, and whether a command still makes the same rows.</summary>
public class ProofVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string Nan = "vectors/more/nan.arrows";

    [Fact]
    public void Stats_count_what_was_put()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, Nan, "--producer", "etl", "--pin").Succeeds();
        string cid = CidOf(Run(folder, "put", Command.Sample, "--rows-per-block", "100000"));
        Run(folder, "name", "latest", cid).Succeeds();
        JsonElement stats = Assert.Single(Run(folder, "stats", "--json").Succeeds().Json);
        Assert.Equal((1, 2, 3), (Int(stats, "names"), Int(stats, "pinned"), Int(stats, "factRecords")));
        JsonElement[] kinds = [.. stats.GetProperty("kinds").EnumerateArray()];
        JsonElement batches = Assert.Single(kinds, kind => kind.GetProperty("key").GetString() == "batch");
        long bytes = Run(folder, "ls", "--json").Succeeds().Json.Sum(line => line.GetProperty("bytes").GetInt64());
        Assert.Equal((4, bytes), (Int(batches, "blocks"), batches.GetProperty("bytes").GetInt64()));
        Assert.Equal(["", "etl"], stats.GetProperty("producers").EnumerateArray().Select(each => each.GetProperty("key").GetString()));
        Assert.InRange(stats.GetProperty("liveShare").GetDouble(), 0.9, 1);
        Assert.Contains("\nbatch     4 blocks, ", Run(folder, "stats").Succeeds().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Du_says_what_is_shared_and_what_would_be_free()
    {
        using var folder = new TemporaryFolder();
        string[] lines = Run(folder, "put", Command.Sample, "--rows-per-block", "50000").Succeeds().Lines;
        string[] cids = [.. lines.Select(line => line.Split("  ")[0])];
        long bytes = long.Parse(lines[0].Split("  ")[2]);
        long schema = Run(folder, "stats", "--json").Json[0].GetProperty("kinds").EnumerateArray()
            .Single(kind => kind.GetProperty("key").GetString() == "schema").GetProperty("bytes").GetInt64();
        Run(folder, "tag", cids[0], "day=1").Succeeds();
        Run(folder, "tag", cids[1], "day=1").Succeeds();
        Run(folder, "tag", cids[2], "day=2").Succeeds();
        Run(folder, "pin", cids[1]).Succeeds();
        JsonElement[] usage = Run(folder, "du", "--by", "tag.day", "--json").Succeeds().Json;
        Assert.Equal([("1", 3, (2 * bytes) + schema, schema, bytes), ("2", 2, bytes + schema, schema, bytes),
            (null, 1, bytes, 0L, bytes)], usage.Select(each => (each.GetProperty("owner").GetString(), Int(each, "blocks"),
                Long(each, "bytes"), Long(each, "sharedBytes"), Long(each, "freedBytes"))));
        Assert.Equal($"{(2 * bytes) + schema}  {schema}  {bytes}  3  1", Run(folder, "du", "--by", "tag.day", "--dedup").Succeeds().Lines[0]);
        Run(folder, "name", "first", cids[0]).Succeeds();
        Assert.Contains($"{bytes + schema}  2  first", Run(folder, "du").Succeeds().Lines);
        Run(folder, "put", "--dataset", "all", Command.Sample, "--rows-per-block", "50000").Succeeds();
        JsonElement set = Run(folder, "du", "--by", "dataset", "--json").Succeeds().Json[0];
        Assert.Equal(6, Int(set, "blocks"));
        Run(folder, "du", "--by", "tag.").Exits(2);
        Run(folder, "du", "--by", "size").Exits(2);
    }

    [Fact]
    public void A_sample_is_drawn_by_its_seed_and_finds_damage()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", Command.Sample, "--rows-per-block", "5000").Succeeds();
        CommandResult one = Run(folder, "verify", "--sample", "10%", "--seed", "7").Exits(0);
        Assert.Equal(4, one.Lines.Length);
        Assert.StartsWith("arrowcid: seed 7: 4 of 40 batches\n", one.Errors, StringComparison.Ordinal);
        Assert.Equal(one.Text, Run(folder, "verify", "--sample", "10", "--seed", "7").Exits(0).Text);
        Assert.NotEqual(one.Text, Run(folder, "verify", "--sample", "10%", "--seed", "8").Exits(0).Text);
        Assert.Single(Run(folder, "verify", "--sample", "0.001%").Exits(0).Lines);
        foreach (string wrong in new[] { "0", "101%", "-5", "x" }) Run(folder, "verify", "--sample", wrong).Exits(2);
        Run(folder, "verify", "--sample", "5%", "--all").Exits(2);
        foreach (string segment in Directory.GetFiles(folder.Store, "seg-*"))
        {
            using FileStream file = File.Open(segment, FileMode.Open);
            if (file.Length < 1 << 20) continue;
            for (file.Position = 1 << 16; file.Position < 3 << 20; file.Position += 20_000) file.WriteByte(0xa5);
        }

        Run(folder, "verify", "--sample", "100%").Exits(4);
    }

    [Fact]
    public void Config_check_names_every_setting_and_a_misspelt_variable()
    {
        using var folder = new TemporaryFolder();
        JsonElement[] settings = Run(folder, "config", "check", "--json").Exits(0).Json;
        JsonElement store = settings.Single(each => each.GetProperty("name").GetString() == "store");
        Assert.Equal((folder.Store, "ARROWCID_STORE"), (store.GetProperty("value").GetString(), store.GetProperty("from").GetString()));
        string[] served = [.. Run(folder, "serve", "--check", "--json").Exits(0).Json.Select(each => each.GetProperty("name").GetString()!)];
        Assert.Equal(settings.Select(each => each.GetProperty("name").GetString()!), served);
        CommandResult misspelt = Command.Shell("ARROWCID_FLIGTH=none \"$@\" config check", folder.Store).Exits(2);
        Assert.Contains("there is no setting ARROWCID_FLIGTH", misspelt.Errors, StringComparison.Ordinal);
        Assert.Contains("maintenance is a span of time", Run(folder, "serve", "--check", "--maintenance", "daily").Exits(2).Errors, StringComparison.Ordinal);
        string file = folder.Write("wrong.json", """{"serve":{"rate":"many"}}"""u8.ToArray());
        Assert.Contains("rate is a whole number", Run(folder, "config", "check", "--config", file).Exits(2).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serve --check --maintenance daily", "arrowcid: there is no setting ARROWCID_FLIGTH")]
    [InlineData("config check", "arrowcid: there is no setting ARROWCID_FLIGTH")]
    public void Check_says_what_is_wrong_before_what_is_right(string verb, string first)
    {
        using var folder = new TemporaryFolder();
        string text = Command.Shell($"ARROWCID_FLIGTH=none \"$@\" {verb} 2>&1", folder.Store).Exits(2).Text;
        Assert.StartsWith(first, text, StringComparison.Ordinal);
        Assert.Contains("\nmaintenance ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_test_puts_reads_asks_and_kills_and_leaves_nothing()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        string place = folder.PathOf("test");
        JsonElement[] steps = Command.Run("batchtest", "--count", "60", "--batch", "50", "--verify", "--query", "--crash",
            "--in", place, "--json").Exits(0).Json;
        Assert.Equal(["put", "get", "verify", "query", "crash"], steps.Select(step => step.GetProperty("step").GetString()));
        Assert.All(steps.SkipLast(1), step => Assert.Equal(60, Int(step, "count")));
        Assert.True(Int(steps[^1], "count") > 0);
        Assert.False(Directory.Exists(place));
        string full = Directory.CreateDirectory(folder.PathOf("full")).FullName;
        File.WriteAllText(Path.Combine(full, "notes"), "");
        Command.Run("batchtest", "--in", full).Exits(2);
        Assert.True(File.Exists(Path.Combine(full, "notes")));
    }

    [Fact]
    public void What_a_command_makes_is_asserted_whatever_its_format_and_cut()
    {
        using var folder = new TemporaryFolder();
        string cid = CidOf(Run(folder, "put", Command.Sample, "--rows-per-block", "3000"));
        string file = folder.PathOf("rows.parquet"), arrow = folder.PathOf("rows.arrow");
        string[] self = ["dotnet", Command.Dll];
        Run(folder, ["assert", cid, "--", .. self, "get", cid, "-o", "-"]).Succeeds();
        Run(folder, ["assert", cid, "--", .. self, "cat", cid, "--format", "csv"]).Succeeds();
        Run(folder, ["assert", cid, "--", .. self, "cat", cid, "--format", "json"]).Succeeds();
        Run(folder, ["assert", cid, "--file", file, "--", .. self, "export", "parquet", cid, "-o", file]).Exits(0);
        Run(folder, "put", "--dataset", "set", "--rows-per-block", "7000", Command.Sample).Succeeds();
        Run(folder, "assert", "@set", "--", "cat", Command.Sample).Succeeds();
        Run(folder, ["assert", "@set", "--file", arrow, "--", .. self, "export", "arrow", "set", "-o", arrow]).Exits(0);
    }

    [Fact]
    public void Rows_that_differ_are_shown_and_the_exit_code_says_so()
    {
        using var folder = new TemporaryFolder();
        string csv = folder.Write("a.csv", "id,x\n1,10\n2,20\n3,30\n"u8.ToArray());
        string cid = CidOf(Run(folder, "put", csv));
        Run(folder, "assert", cid, "--", "cat", csv).Succeeds();
        string other = folder.Write("b.csv", "id,x\n1,10\n2,21\n3,30\n4,40\n"u8.ToArray());
        CommandResult differs = Run(folder, "assert", cid, "--", "cat", other).Exits(8);
        Assert.Contains("only in B", differs.Text, StringComparison.Ordinal);
        Assert.Matches(@"\n +1  x +int64 +20 +21\n", differs.Text);
        Assert.Contains($"what was made is not {cid}: the rows differ", differs.Errors, StringComparison.Ordinal);
        JsonElement[] json = Run(folder, "assert", cid, "--json", "--", "cat", other).Exits(8).Json;
        Assert.Equal(["changed", "only in B"], json.SkipLast(1).Select(each => each.GetProperty("change").GetString()));
        string moved = folder.Write("c.csv", "id,x\n3,30\n1,10\n2,20\n"u8.ToArray());
        Assert.Contains("but not their order", Run(folder, "assert", cid, "--key", "id", "--", "cat", moved).Exits(8).Errors, StringComparison.Ordinal);
        string fewer = folder.Write("d.csv", "id,x\n1,10\n"u8.ToArray());
        Run(folder, "assert", cid, "--", "cat", fewer).Exits(8);
        Run(folder, "assert", cid, "--", "printf", "id,y\n1,10\n2,20\n3,30\n").Exits(4);
    }

    [Fact]
    public void A_command_that_fails_or_writes_nothing_is_not_compared()
    {
        using var folder = new TemporaryFolder();
        string cid = CidOf(Run(folder, "put", V1));
        string file = folder.Write("old.arrows", File.ReadAllBytes(Path.Combine(Command.Data, V1)));
        Assert.Contains("ended with exit code 1", Run(folder, "assert", cid, "--", "false").Exits(3).Errors, StringComparison.Ordinal);
        Assert.Contains("cannot be started", Run(folder, "assert", cid, "--", "/no/such/program").Exits(3).Errors, StringComparison.Ordinal);
        Assert.Contains("did not write", Run(folder, "assert", cid, "--file", file, "--", "true").Exits(3).Errors, StringComparison.Ordinal);
        Run(folder, "assert", "@nobody", "--", "true").Exits(3);
        Run(folder, "assert", cid).Exits(2);
        Assert.NotEqual(0, Run(folder, "assert", cid, "--", "true").ExitCode);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, null, folder.Store);

    private static string CidOf(CommandResult put) => put.Succeeds().Lines[0].Split("  ")[0];

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private static long Long(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
