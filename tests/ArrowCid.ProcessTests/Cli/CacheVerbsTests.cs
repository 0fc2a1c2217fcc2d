using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>maintain --cache</c>, <c>gc --by heat</c>, <c>heat</c>, <c>prefetch</c>, <c>place stat</c> and <c>place
/// trace</c>.</summary>
public sealed class CacheVerbsTests
{
    private static readonly string s_first = Path.Combine(Command.Data, "vectors/v1.arrows"),
        s_second = Path.Combine(Command.Data, "vectors/more/nan.arrows");

    [Fact]
    public void Blocks_leave_a_cache_by_maintenance_and_come_back_when_they_are_read()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        Run(folder, "maintain", "--cache", "1", "--once").Exits(0);
        Assert.Contains("cache  what other places have leaves by s3fifo", Run(folder, "maintain", "--policy").Exits(0).Text, StringComparison.Ordinal);
        foreach (string cid in cids) Assert.Equal($"{cid}  cold", Run(folder, "whereis", cid).Exits(0).Text.Trim()[..(cid.Length + 6)]);
        // A cache keeps what is read, but no block over an eighth of it.
        Run(folder, "get", cids[0], "-o", folder.PathOf("a.arrows")).Exits(0);
        Assert.DoesNotContain("here", Run(folder, "whereis", cids[0]).Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "maintain", "--cache", "1MiB", "--cache-policy", "arc", "--once").Exits(0);
        Run(folder, "get", cids[0], "--no-cache", "-o", folder.PathOf("b.arrows")).Exits(0);
        Assert.DoesNotContain("here", Run(folder, "whereis", cids[0]).Exits(0).Text, StringComparison.Ordinal);
        Run(folder, "get", cids[0], "-o", folder.PathOf("c.arrows")).Exits(0);
        Assert.Contains("here", Run(folder, "whereis", cids[0]).Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal("0 of 1 blocks fetched, 0 bytes", Run(folder, "prefetch", cids[0]).Exits(0).Errors.Trim());
        Assert.StartsWith("1 of 1 blocks fetched", Run(folder, "prefetch", cids[1]).Exits(0).Errors.Trim(), StringComparison.Ordinal);
        JsonElement policy = Run(folder, "maintain", "--policy", "--json").Exits(0).Json[0].GetProperty("cache");
        Assert.Equal((1 << 20, "arc"), (policy.GetProperty("maxBytes").GetInt32(), policy.GetProperty("policy").GetString()));
        Run(folder, "maintain", "--remove", "cache").Exits(0);
        Assert.DoesNotContain("cache", Run(folder, "maintain", "--policy").Exits(0).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Collection_by_heat_copies_blocks_first_and_saves_the_rule()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", s_first, s_second).Exits(0);
        Run(folder, "place", "add", "cold", folder.PathOf("cold") + "/").Exits(0);
        string[] dry = Run(folder, "gc", "--by", "heat", "--max-bytes", "1", "--to", "cold", "--dry-run").Exits(0).Lines;
        Assert.Equal(2, dry.Length);
        Assert.All(dry, line => Assert.EndsWith("would be removed", line, StringComparison.Ordinal));
        Assert.Equal(2, Run(folder, "gc", "--by", "heat", "--max-bytes", "1", "--to", "cold").Exits(0).Lines.Length);
        Assert.Empty(Run(folder, "ls").Exits(0).Lines);
        Run(folder, "gc", "--by", "heat", "--max-bytes", "1GiB", "--to", "cold", "--save").Exits(0);
        Assert.Contains("copied to 'cold' first", Run(folder, "maintain", "--policy").Exits(0).Text, StringComparison.Ordinal);
        Assert.Contains("no place", Run(folder, "gc", "--by", "heat", "--max-bytes", "1", "--to", "none").Exits(ErrorTable.ExitCode(ErrorCode.NameNotFound)).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gc", "--by", "heat")]
    [InlineData("gc", "--to", "cold")]
    [InlineData("gc", "--by", "heat", "--max-bytes", "1", "--unreferenced")]
    [InlineData("maintain", "--cache-policy", "arc")]
    [InlineData("maintain", "--cache", "0")]
    public void Options_that_do_not_go_together_are_refused(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        Run(folder, arguments).Exits(ErrorTable.ExitCode(ErrorCode.InvalidArgument));
    }

    [Fact]
    public void Heat_counts_reads_of_the_command_too()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        Run(folder, "heat", "--start").Exits(0);
        for (int i = 0; i < 3; i++) Run(folder, "get", cids[1], "-o", folder.PathOf("a.arrows")).Exits(0);
        JsonElement[] heat = Run(folder, "heat", "--top", "1", "--json").Exits(0).Json;
        Assert.Equal(cids[1], Assert.Single(heat).GetProperty("cid").GetString());
        Assert.InRange(heat[0].GetProperty("reads").GetInt64(), 3, 100);
        Run(folder, "drop", cids[0]).Exits(0);
        Run(folder, "get", cids[0], "-o", folder.PathOf("b.arrows")).Exits(0);
        JsonElement[] places = Run(folder, "place", "stat", "--json").Exits(0).Json;
        Assert.Equal([("here", true), ("cold", true)],
            places.Select(place => (place.GetProperty("name").GetString(), place.GetProperty("reads").GetInt64() > 0)));
        Assert.Equal(2, Run(folder, "place", "stat").Exits(0).Lines.Length);
    }

    [Fact]
    public void Trace_is_an_arrow_stream()
    {
        using var folder = new TemporaryFolder();
        _ = Put(folder);
        Assert.Contains("0 reads recorded", Run(folder, "place", "trace", "-o", folder.PathOf("t.arrows"), "--for", "1ms").Exits(0).Errors, StringComparison.Ordinal);
        Assert.True(new FileInfo(folder.PathOf("t.arrows")).Length > 0);
        Run(folder, "hash", folder.PathOf("t.arrows")).Exits(0);
    }

    private static string[] Put(TemporaryFolder folder)
    {
        string[] cids = [.. Run(folder, "put", s_first, s_second, "--json").Exits(0).Json.Select(each => each.GetProperty("cid").GetString()!)];
        Run(folder, "place", "add", "cold", folder.PathOf("cold") + "/").Exits(0);
        Run(folder, ["copy", .. cids, "--to", "cold"]).Exits(0);
        return cids;
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, null, folder.Store);
}
