using System.Diagnostics;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The filter language at the command line: ls, query, watch, and how its faults are shown.</summary>
public class FilterVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Nan = "vectors/more/nan.arrows";

    [Theory]
    [InlineData("tag.day = \"2026-11-20\" and rows > 2 and age < 7d", 1)]
    [InlineData("producer ~ \"etl-*\" and not pinned", 2)]
    [InlineData("bytes >= 64KiB or name in (\"latest\",\"best\")", 1)]
    [InlineData("has tag.model", 1)]
    [InlineData("json.run.id = 7", 1)]
    [InlineData("created >= 2026-11-20", 2)]
    [InlineData("not created >= 2026-11-20", 0)]
    public void Ls_and_query_take_the_same_filters(string filter, int count)
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--tag", "day=2026-11-20", "--producer", "etl-7", "--name", "latest", "--about", """{"run":{"id":7}}""").Succeeds();
        Run(folder, "put", Nan, "--tag", "model=m", "--producer", "etl-8").Succeeds();
        string batches = $"({filter}) and kind = batch";
        Assert.Equal(count, Run(folder, "ls", filter).Succeeds().Lines.Length);
        Assert.Equal(Run(folder, "ls", filter).Text, Run(folder, "ls", "--where", filter).Succeeds().Text);
        Assert.Equal($"{count}\n", Run(folder, "query", batches, "--count").Succeeds().Text);
        Assert.Equal(Run(folder, "ls", filter, "--json").Succeeds().Text, Run(folder, "query", batches, "--json").Succeeds().Text);
    }

    [Fact]
    public void Query_shows_facts_in_the_words_of_filters()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--tag", "day=2026-11-20", "--tag", "a b=say \"hi\"", "--producer", "etl-7", "--name", "latest", "--pin").Succeeds();
        Run(folder, "put", Nan).Succeeds();
        string line = Assert.Single(Run(folder, "query", "pinned").Succeeds().Lines);
        string facts = """name="latest"  pinned  producer="etl-7"  tag."a b"="say \"hi\""  tag.day="2026-11-20" """.TrimEnd();
        Assert.StartsWith($"{V1Cid}  3  520  20", line, StringComparison.Ordinal);
        Assert.EndsWith("Z  " + facts, line, StringComparison.Ordinal);
        string again = string.Join(" and ", facts.Split("  "));
        Assert.Equal(line, Assert.Single(Run(folder, "query", again).Succeeds().Lines));

        Assert.Equal(2, Run(folder, "query", "kind = schema").Succeeds().Lines.Count(l => l.EndsWith("kind=schema", StringComparison.Ordinal)));
        Assert.Equal(2, Run(folder, "ls", "kind = schema").Succeeds().Lines.Length);
        JsonElement newest = Assert.Single(Run(folder, "query", "kind = batch", "--newest", "--limit", "1", "--json").Exits(0).Json);
        Assert.NotEqual(V1Cid, newest.GetProperty("cid").GetString());
        Assert.Equal(JsonValueKind.Null, newest.GetProperty("producer").ValueKind);
        CommandResult first = Run(folder, "query", "kind = batch", "--limit", "1").Exits(0);
        Assert.StartsWith(V1Cid, Assert.Single(first.Lines), StringComparison.Ordinal);
        string next = first.Errors.Trim().Split(' ')[^1];
        Assert.Equal($"arrowcid: there may be more: --after {next}\n", first.Errors);
        Assert.Equal(newest.GetProperty("cid").GetString(),
            Assert.Single(Run(folder, "query", "kind = batch", "--after", next, "--json").Succeeds().Json).GetProperty("cid").GetString());
        Assert.Equal(4, Assert.Single(Run(folder, "query", "not name = x", "--count", "--json").Succeeds().Json).GetProperty("count").GetInt32());
    }

    [Theory]
    [InlineData("rows > and age < 7d", "       ^^^", "found 'and', expected a number")]
    [InlineData("rows > 1 and", "            ^", "found the end, expected a field")]
    [InlineData("é\u0007 > 1", "^", "found 'é', expected a field")]
    public void A_fault_in_a_filter_is_pointed_at(string filter, string caret, string message)
    {
        using var folder = new TemporaryFolder();
        string visible = filter.Replace('\u0007', ' ');
        foreach (string[] arguments in (string[][])[["ls", filter], ["ls", "--where", filter], ["query", filter], ["watch", "--where", filter],
            ["rm", "--where", filter], ["touch", "--expires", "1d", "--where", filter]])
        {
            // No store is there: a wrong filter is said first.
            CommandResult result = Run(folder, arguments).Exits(2);
            Assert.Empty(result.Text);
            string[] lines = result.Errors.Split('\n');
            Assert.StartsWith("arrowcid: the filter, character ", lines[0], StringComparison.Ordinal);
            Assert.Contains(message, lines[0], StringComparison.Ordinal);
            Assert.Equal(("  " + visible, "  " + caret, ""), (lines[1], lines[2], lines[3]));
        }
    }

    [Fact]
    public void A_fault_far_into_a_long_filter_is_shown_with_what_is_around_it()
    {
        string filter = string.Join(" or ", Enumerable.Repeat("rows = 1", 200)) + " or rows = x or pinned";
        string[] lines = Command.Run("ls", filter).Exits(2).Errors.Split('\n');
        Assert.InRange(lines[1].Length, 20, 140);
        Assert.Equal('x', lines[1][lines[2].IndexOf('^', StringComparison.Ordinal)]);
    }

    [Fact]
    public void A_watch_prints_what_passes_by_what_was_said_with_the_put()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "--tag", "sym=ES").Succeeds();
        Run(folder, "put", Nan, "--tag", "sym=NQ").Succeeds();
        Run(folder, "put", V1).Succeeds();
        CommandResult watch = Run(folder, "watch", "--from", "oldest", "--where", "tag.sym = \"ES\" and rows > 1", "--count", "2").Succeeds();
        Assert.Equal([V1Cid, V1Cid], watch.Lines.Select(line => line.Split(' ')[0]));
        Assert.Equal(["new", "again"], watch.Lines.Select(line => line.Split("  ")[^1]));
    }

    [Fact]
    public void A_watch_hears_of_facts_with_the_block_that_comes()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", Nan).Succeeds();
        var start = new ProcessStartInfo("dotnet", [Command.Dll, "watch", "--store", folder.Store, "--from", "oldest", "--where", "tag.sym = ES or not has tag.sym", "--count", "2", "--json"])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        // The first line is out before the next put begins.
        Assert.NotNull(process.StandardOutput.ReadLine());
        Run(folder, "put", V1, "--tag", "sym=ES").Succeeds();
        string line = process.StandardOutput.ReadLine()!;
        Assert.Equal(V1Cid, JsonSerializer.Deserialize<JsonElement>(line).GetProperty("cid").GetString());
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
