using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Verbs that took in others show the same as the former names.</summary>
public class MergedVerbTests
{
    [Fact]
    public void Former_names_print_what_their_verbs_print()
    {
        using TemporaryFolder folder = Filled();
        (string[] Former, string[] Now)[] pairs =
        [
            (["query"], ["ls", "--all"]),
            (["query", "kind = batch", "--limit", "1"], ["ls", "kind = batch", "--all", "--limit", "1"]),
            (["query", "--newest", "--json"], ["ls", "--all", "--newest", "--json"]),
            (["query", "--count", "--absent"], ["ls", "--all", "--count", "--absent"]),
            (["links", "@latest"], ["info", "@latest", "--links"]),
            (["links", "@latest", "--json"], ["info", "@latest", "--links", "--json"]),
            (["why", "@latest"], ["info", "@latest", "--why"]),
            (["why", "@latest", "--json"], ["info", "@latest", "--why", "--json"]),
            (["du"], ["stats", "--by", "name"]),
            (["du", "--by", "tag.day", "--dedup", "--json"], ["stats", "--by", "tag.day", "--dedup", "--json"]),
            (["shm"], ["stats", "--processes"]),
            (["reap", "--dry-run"], ["maintain", "reap", "--dry-run"]),
            (["compact", "--dry-run", "--json"], ["maintain", "compact", "--dry-run", "--json"]),
            (["config", "check", "--json"], ["serve", "--check", "--json"]),
        ];
        foreach ((string[] former, string[] now) in pairs)
        {
            CommandResult before = Run(folder, former).Exits(0), after = Run(folder, now).Exits(0);
            Assert.Equal((before.Text, before.Errors), (after.Text, after.Errors));
        }

        Assert.NotEmpty(Run(folder, "ls", "--all").Succeeds().Lines);
        Assert.NotEmpty(Run(folder, "stats", "--by", "name").Succeeds().Lines);
    }

    [Fact]
    public void Ls_reads_batches_in_pages()
    {
        using TemporaryFolder folder = Filled();
        string[] all = Run(folder, "ls").Succeeds().Lines;
        Assert.True(all.Length > 2);
        CommandResult page = Run(folder, "ls", "--limit", "2").Exits(0);
        Assert.Equal(2, page.Lines.Length);
        string token = page.Errors[(page.Errors.IndexOf("--after ", StringComparison.Ordinal) + 8)..].Trim();
        string[] rest = Run(folder, "ls", "--after", token).Exits(0).Lines;
        Assert.Equal(all.Order(StringComparer.Ordinal), page.Lines.Concat(rest).Order(StringComparer.Ordinal));
        Assert.Equal(all[^1], Run(folder, "ls", "--newest").Succeeds().Lines[0]);
        Run(folder, "ls", "--all", "--datasets").Exits(2);
    }

    [Fact]
    public void Info_shows_children_and_why_a_block_is_kept()
    {
        using TemporaryFolder folder = Filled();
        string text = Run(folder, "info", "@latest").Succeeds().Text;
        Assert.Contains("\nkept      the name 'latest' ", text, StringComparison.Ordinal);
        JsonElement json = Run(folder, "info", "@latest", "--json").Succeeds().Json[0];
        Assert.Equal("latest", json.GetProperty("keptBy")[0].GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Array, json.GetProperty("children").ValueKind);
        string batch = Run(folder, "ls").Succeeds().Lines[0].Split(' ')[0];
        Run(folder, "name", "latest", "--remove").Succeeds();
        string dataset = Run(folder, "ls", "--datasets").Succeeds().Lines[0].Split(' ')[0];
        Assert.Contains("\nkept      by nothing; ", Run(folder, "info", dataset).Succeeds().Text, StringComparison.Ordinal);
        Assert.Contains("\nkept      ", Run(folder, "info", batch).Succeeds().Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stats", "--dedup")]
    [InlineData("stats", "--by", "name", "--processes")]
    [InlineData("stats", "--by", "size")]
    public void Stats_refuses_options_that_do_not_go_together(params string[] arguments)
    {
        using TemporaryFolder folder = Filled();
        Run(folder, arguments).Exits(2);
    }

    private static TemporaryFolder Filled()
    {
        var folder = new TemporaryFolder();
        Run(folder, "put", Command.Sample, "--rows-per-block", "50000", "--name", "latest", "--tag", "day=2026-11-20").Exits(0);
        return folder;
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, input: null, store: folder.Store);
}
