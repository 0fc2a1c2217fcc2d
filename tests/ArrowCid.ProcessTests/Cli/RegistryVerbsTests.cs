using System.Globalization;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>What is said of blocks, by one process, and seen by the next.</summary>
public class RegistryVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Nan = "vectors/more/nan.arrows";
    private const string Absent = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

    [Fact]
    public void What_put_says_of_a_batch_info_shows()
    {
        using var folder = new TemporaryFolder();
        string parent = CidOf(Run(folder, "put", Nan).Succeeds());
        CommandResult put = Run(folder, "put", V1, "--tag", "day=2026-11-20", "--tag", "expr=a=b", "--parent", parent,
            "--producer", "etl-7", "--name", "latest", "--expires", "2099-01-01", "--pin", "--about", """{"run":{"id":7}}""").Succeeds();
        Assert.Equal($"{V1Cid}  3  520  {V1}#0  new\n", put.Text);
        string info = Run(folder, "info", "@latest").Succeeds().Text;
        foreach (string line in (string[])["name      latest", "pinned    yes", "producer  etl-7", $"parent    {parent}", "expires   2099-01-01T00:00:00.000Z",
            "tag       day = 2026-11-20", "tag       expr = a=b", """json      {"run":{"id":7}}"""])
        {
            Assert.Contains($"\n{line}\n", info, StringComparison.Ordinal);
        }

        JsonElement json = Assert.Single(Run(folder, "info", "latest", "--json").Succeeds().Json);
        Assert.Equal(V1Cid, json.GetProperty("cid").GetString());
        Assert.Equal("a=b", json.GetProperty("tags").GetProperty("expr").GetString());
        Assert.Equal(7, json.GetProperty("json").GetProperty("run").GetProperty("id").GetInt32());
        Assert.Equal([parent], json.GetProperty("parents").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(["latest"], json.GetProperty("names").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Command.Data, V1)), Run(folder, "get", "@latest").Succeeds().Bytes);
        Assert.Equal($"{V1Cid}  ok\n", Run(folder, "verify", "latest").Succeeds().Text);
    }

    [Theory]
    [InlineData("--tag", "novalue")]
    [InlineData("--tag", "=x")]
    [InlineData("--expires", "7")]
    [InlineData("--expires", "2026-13-01")]
    [InlineData("--parent", "@nobody")]
    [InlineData("--parent", "nonsense")]
    [InlineData("--about", "{")]
    [InlineData("--name", "")]
    public void What_cannot_be_said_stores_nothing(string option, string value)
    {
        using var folder = new TemporaryFolder();
        CommandResult put = Run(folder, "put", V1, option, value);
        Assert.Contains(put.ExitCode, (int[])[2, 3]);
        Assert.StartsWith("arrowcid: ", put.Errors, StringComparison.Ordinal);
        Assert.Empty(put.Text);
        CommandResult list = Run(folder, "ls");
        Assert.Empty(list.Text);
    }

    [Fact]
    public void Put_makes_a_dataset_for_a_name_when_there_are_several_batches()
    {
        using var folder = new TemporaryFolder();
        CommandResult put = Run(folder, "put", "arrow-ipc/1.0.0-littleendian/generated_datetime.stream", "--name", "n", "--tag", "day=x").Succeeds();
        string dataset = put.Lines[^1].Split(' ')[0];
        Assert.Contains("  n  new", put.Lines[^1], StringComparison.Ordinal);
        Assert.Equal(dataset, Run(folder, "name", "n").Succeeds().Text.Trim());
        Assert.Equal(dataset, Run(folder, "query", "kind = dataset and tag.day = x").Succeeds().Text.Split(' ')[0]);
        Run(folder, "put", V1, "--name", "one").Succeeds();
        Assert.Equal(V1Cid, Run(folder, "name", "one").Succeeds().Text.Trim());
        CommandResult mixed = Run(folder, "put", V1, Nan, "--name", "two").Exits(2);
        Assert.Contains("has another schema", mixed.Errors, StringComparison.Ordinal);
        Run(folder, "name", "two").Exits(3);
        Run(folder, "put", V1, "--name", "n", "--dataset", "m").Exits(2);
    }

    [Fact]
    public void Dataset_is_tagged_and_listed_when_it_is_put_with_tags()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--dataset", "d", "--tag", "day=x").Succeeds();
        string dataset = Run(folder, "name", "d").Succeeds().Text.Trim();
        Assert.Contains("tag       day = x\n", Run(folder, "info", "@d").Succeeds().Text, StringComparison.Ordinal);
        Assert.Equal($"{V1Cid}", Assert.Single(Run(folder, "ls", "tag.day = x").Succeeds().Lines).Split(' ')[0]);
        foreach (string[] list in (string[][])[["--datasets"], ["--datasets", "tag.day = x"], ["kind = dataset"]])
            Assert.StartsWith($"{dataset}  3  ", Assert.Single(Run(folder, ["ls", .. list]).Succeeds().Lines), StringComparison.Ordinal);
        JsonElement entry = Assert.Single(Run(folder, "ls", "--datasets", "--json").Succeeds().Json);
        Assert.Equal(("dataset", 3, 1, 520), (entry.GetProperty("kind").GetString(), entry.GetProperty("rows").GetInt32(),
            entry.GetProperty("batches").GetInt32(), entry.GetProperty("dataBytes").GetInt32()));
        Assert.StartsWith("bafkrei", entry.GetProperty("schemaCid").GetString(), StringComparison.Ordinal);
        Assert.Contains("dataset   1 blocks", Run(folder, "stats").Succeeds().Text, StringComparison.Ordinal);
        Run(folder, "name", "d", "--remove").Succeeds();
        Run(folder, "rm", "--where", "kind = dataset").Exits(0);
        Assert.Empty(Run(folder, "ls", "--datasets").Succeeds().Text);
        Assert.Single(Run(folder, "ls").Succeeds().Lines);
    }

    [Fact]
    public void A_tag_has_one_value()
    {
        using var folder = new TemporaryFolder();
        CommandResult twice = Run(folder, "put", V1, "--tag", "a=1", "--tag", "a=2").Exits(2);
        Assert.Contains("'a' is given twice", twice.Errors, StringComparison.Ordinal);
        Assert.Empty(Run(folder, "ls").Succeeds().Text);
    }

    [Fact]
    public void Tags_are_set_and_taken_away_at_once()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Assert.Equal("", Run(folder, "tag", V1Cid).Succeeds().Text);
        Assert.Equal("a=1\nb=x=y\n", Run(folder, "tag", V1Cid, "b=x=y", "a=1").Succeeds().Text);
        Assert.Equal("b=x=y\nc=\n", Run(folder, "tag", V1Cid, "c=", "--remove", "a").Succeeds().Text);
        JsonElement json = Assert.Single(Run(folder, "tag", V1Cid, "--json").Succeeds().Json);
        Assert.Equal("""{"b":"x=y","c":""}""", json.GetProperty("tags").GetRawText());
        Run(folder, "tag", V1Cid, "novalue").Exits(2);
        Run(folder, "tag", V1Cid, "a=1", "--remove", "a").Exits(2);
        Run(folder, "tag", V1Cid, "--nonsense").Exits(2);
        Run(folder, "tag", Absent, "a=1").Exits(3);
        Assert.Equal("a=1\n", Run(folder, "tag", Absent, "a=1", "--absent").Succeeds().Text);
        Assert.Equal("1\n", Run(folder, "query", "has tag.a", "--absent", "--count").Succeeds().Text);
        Assert.Equal("0\n", Run(folder, "query", "has tag.a", "--count").Succeeds().Text);
        Assert.Equal([$"{Absent}  0  0  absent  tag.a=\"1\""], Run(folder, "query", "has tag.a", "--absent").Succeeds().Lines);
    }

    [Fact]
    public void A_name_is_swapped_only_where_it_is_what_was_expected()
    {
        using var folder = new TemporaryFolder();
        string other = CidOf(Run(folder, "put", V1, Nan).Succeeds(), 1);
        Assert.Equal("", Run(folder, "name").Succeeds().Text);
        Run(folder, "name", "latest").Exits(3);
        Assert.StartsWith($"latest  {V1Cid}  20", Run(folder, "name", "latest", V1Cid, "--expected", "none").Succeeds().Text, StringComparison.Ordinal);
        CommandResult exists = Run(folder, "name", "latest", other, "--expected", "none").Exits(5);
        Assert.Contains(V1Cid, exists.Errors, StringComparison.Ordinal);
        Run(folder, "name", "latest", other, "--expected", other).Exits(5);
        Assert.Equal($"{V1Cid}\n", Run(folder, "name", "latest").Succeeds().Text);
        Run(folder, "name", "latest", other, "--expected", V1Cid).Succeeds();
        Run(folder, "name", "second", "@latest").Succeeds();
        Assert.Equal([$"latest  {other}", $"second  {other}"], Run(folder, "name", "--list").Succeeds().Lines.Select(line => line[..line.LastIndexOf("  ", StringComparison.Ordinal)]));
        JsonElement[] history = Run(folder, "name", "latest", "--history", "--json").Succeeds().Json;
        Assert.Equal([V1Cid, other], history.Select(o => o.GetProperty("cid").GetString()));
        string first = history[0].GetProperty("time").GetString()!;
        Assert.Equal($"{V1Cid}\n", Run(folder, "name", "latest", "--as-of", first).Succeeds().Text);
        Run(folder, "name", "latest", "--as-of", "1d").Exits(3);
        Run(folder, "name", "latest", "--remove", "--expected", V1Cid).Exits(5);
        Assert.Equal("", Run(folder, "name", "latest", "--remove").Succeeds().Text);
        Run(folder, "name", "latest", "--remove").Exits(3);
        Assert.Equal([V1Cid, other, "removed"], Run(folder, "name", "latest", "--history").Succeeds().Lines.Select(line => line.Split("  ")[1]));
        Run(folder, "name", "latest", Absent).Exits(3);
        Assert.Single(Run(folder, "name", "--json").Succeeds().Json);
    }

    [Theory]
    [InlineData("a", "b", "--history")]
    [InlineData("--history")]
    [InlineData("a", "--expected", "none")]
    [InlineData("a", "--list")]
    [InlineData("a", "--as-of", "yesterday")]
    [InlineData("a", "b", "c")]
    public void A_name_is_asked_one_thing(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        CommandResult result = Run(folder, ["name", .. arguments]).Exits(2);
        Assert.Empty(result.Text);
    }

    [Fact]
    public void A_name_that_looks_like_a_CID_is_meant_behind_an_at_sign()
    {
        using var folder = new TemporaryFolder();
        string other = CidOf(Run(folder, "put", V1, Nan).Succeeds(), 1);
        Run(folder, "name", V1Cid, other).Succeeds();
        Assert.Contains($"cid       {V1Cid}\n", Run(folder, "info", V1Cid).Succeeds().Text, StringComparison.Ordinal);
        Assert.Contains($"cid       {other}\n", Run(folder, "info", "@" + V1Cid).Succeeds().Text, StringComparison.Ordinal);
        CommandResult none = Run(folder, "info", "@nobody").Exits(3);
        Assert.StartsWith($"arrowcid: no name 'nobody' in {folder.Store}; ", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Pins_names_and_parents_are_why_a_block_is_kept()
    {
        using var folder = new TemporaryFolder();
        string other = CidOf(Run(folder, "put", V1, Nan).Succeeds(), 1);
        CommandResult nothing = Run(folder, "why", V1Cid).Exits(0);
        Assert.Equal(("", $"nothing keeps {V1Cid}; 'arrowcid rm' would delete it\n"), (nothing.Text, nothing.Errors));
        Assert.Equal($"{V1Cid}  pinned\n{other}  pinned\n", Run(folder, "pin", V1Cid, other).Succeeds().Text);
        Run(folder, "name", "latest", V1Cid).Succeeds();
        Assert.Equal("the name 'latest' points to it\nit is pinned\n", Run(folder, "why", "@latest").Succeeds().Text);
        Assert.Equal(["named", "pinned"], Run(folder, "why", V1Cid, "--json").Succeeds().Json.Select(o => o.GetProperty("kind").GetString()));
        CommandResult kept = Run(folder, "rm", V1Cid).Exits(5);
        Assert.Equal($"{V1Cid}  kept: the name 'latest' points to it; it is pinned\n", kept.Text);
        Assert.Equal($"{other}  unpinned\n", Run(folder, "unpin", other).Succeeds().Text);
        CommandResult again = Run(folder, "unpin", other).Exits(3);
        Assert.StartsWith($"arrowcid: {other} is not pinned; ", again.Errors, StringComparison.Ordinal);
        Run(folder, "pin", V1Cid, Absent).Exits(3);
        Run(folder, "why", Absent).Exits(3);
        Run(folder, "pin").Exits(2);
    }

    [Fact]
    public void Links_go_both_ways()
    {
        using var folder = new TemporaryFolder();
        string child = CidOf(Run(folder, "put", V1, Nan).Succeeds(), 1);
        Run(folder, "put", Nan, "--parent", V1Cid, "--name", "latest").Succeeds();
        string[] down = Run(folder, "links", "latest").Succeeds().Lines;
        Assert.StartsWith("schema  bafk", down[0], StringComparison.Ordinal);
        Assert.Equal([$"parent  {V1Cid}", "name    latest"], down[1..]);
        Assert.Contains($"child   {child}\n", Run(folder, "links", V1Cid).Succeeds().Text, StringComparison.Ordinal);
        JsonElement json = Assert.Single(Run(folder, "links", V1Cid, "--json").Succeeds().Json);
        Assert.Equal([child], json.GetProperty("children").EnumerateArray().Select(c => c.GetString()));
        Run(folder, "links", Absent).Exits(3);
    }

    [Fact]
    public void What_is_removed_is_in_no_listing()
    {
        using var folder = new TemporaryFolder();
        string other = CidOf(Run(folder, "put", V1, Nan, "--tag", "t=1").Succeeds(), 1);
        CommandResult dry = Run(folder, "rm", V1Cid, "--dry-run").Exits(0);
        Assert.Equal($"{V1Cid}  would be removed\n", dry.Text);
        Assert.Equal("1 would be removed, 0 kept, 520 bytes\n", dry.Errors);
        Assert.Equal(2, Run(folder, "ls").Succeeds().Lines.Length);
        CommandResult done = Run(folder, "rm", V1Cid).Exits(0);
        Assert.Equal(($"{V1Cid}  removed\n", "1 removed, 0 kept, 520 bytes\n"), (done.Text, done.Errors));
        Assert.Equal([other], Run(folder, "ls").Succeeds().Lines.Select(line => line.Split(' ')[0]));
        Assert.Equal("1\n", Run(folder, "query", "tag.t = 1", "--count").Succeeds().Text);
        CommandResult gone = Run(folder, "rm", V1Cid, "--json").Exits(3);
        Assert.Equal("it is not here", Assert.Single(gone.Json).GetProperty("keptBecause")[0].GetString());
        Run(folder, "put", V1).Succeeds();
        Assert.Equal("t=1\n", Run(folder, "tag", V1Cid).Succeeds().Text);
        Run(folder, "pin", other).Succeeds();
        CommandResult where = Run(folder, "rm", "--where", "tag.t = 1").Exits(0);
        Assert.Equal([$"{V1Cid}  removed", $"{other}  kept: it is pinned"], where.Lines);
        Run(folder, "rm").Exits(2);
        Run(folder, "rm", V1Cid, "--where", "pinned").Exits(2);
    }

    [Fact]
    public void Touch_moves_the_end()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, Nan, "--tag", "t=1").Succeeds();
        Assert.Equal($"{V1Cid}  would: expires 2099-01-01T00:00:00.000Z\n", Run(folder, "touch", V1Cid, "--expires", "2099-01-01", "--dry-run").Succeeds().Text);
        Assert.Equal("0\n", Run(folder, "query", "has expires", "--count").Succeeds().Text);
        Assert.Equal($"{V1Cid}  expires 2099-01-01T00:00:00.000Z\n", Run(folder, "touch", V1Cid, "--expires", "2099-01-01").Succeeds().Text);
        JsonElement[] all = Run(folder, "touch", "--where", "tag.t = 1", "--expires", "7d", "--json").Succeeds().Json;
        Assert.Equal(2, all.Length);
        var end = DateTimeOffset.Parse(all[0].GetProperty("expires").GetString()!, CultureInfo.InvariantCulture);
        Assert.InRange(end, DateTimeOffset.UtcNow.AddDays(6), DateTimeOffset.UtcNow.AddDays(8));
        Assert.Equal("2\n", Run(folder, "query", "expires > 6d and expires < 8d", "--count").Succeeds().Text);
        Assert.Equal($"{V1Cid}  never expires\n", Run(folder, "touch", V1Cid, "--expires", "never").Succeeds().Text);
        Run(folder, "touch", "--where", "not expires > 0s", "--expires", "0s").Succeeds();
        Assert.Equal($"{V1Cid}  would be removed\n", Run(folder, "rm", "--expired", "--dry-run").Exits(0).Text);
        Assert.Equal($"{V1Cid}  removed\n", Run(folder, "rm", "--expired").Exits(0).Text);
        Assert.Single(Run(folder, "ls").Succeeds().Lines);
        Run(folder, "rm", "--expired", V1Cid).Exits(2);
        Run(folder, "touch", V1Cid).Exits(2);
        Run(folder, "touch", "--expires", "1d").Exits(2);
        Run(folder, "touch", Absent, "--expires", "1d").Exits(3);
    }

    [Fact]
    public void Facts_make_no_store()
    {
        using var folder = new TemporaryFolder();
        foreach (string[] arguments in (string[][])[["tag", V1Cid, "a=1"], ["name", "a", V1Cid], ["pin", V1Cid], ["rm", V1Cid], ["touch", V1Cid, "--expires", "1d"], ["query", "pinned"]])
        {
            CommandResult result = Run(folder, arguments).Exits(5);
            Assert.StartsWith($"arrowcid: no store is at {folder.Store}", result.Errors, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(folder.Store));
    }

    private static string CidOf(CommandResult put, int line = 0) => put.Lines[line].Split(' ')[0];

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
