using System.Text;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Changes of many blocks and names at once, and links by any of their parts.</summary>
public class BulkVerbsTests
{
    [Fact]
    public void Filters_choose_the_blocks_that_are_tagged_annotated_and_pinned()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Fill(folder);
        Assert.Equal(2, Run(folder, "tag", "--where", "name ~ \"day/*\"", "checked=yes", "--dry-run").Succeeds().Lines.Length);
        Assert.Empty(Run(folder, "ls", "has tag.checked").Succeeds().Lines);
        Run(folder, "tag", "--where", "name ~ \"day/*\"", "checked=yes").Succeeds();
        Assert.Equal(2, Run(folder, "ls", "tag.checked = yes").Succeeds().Lines.Length);
        Run(folder, "tag", "--where", "name = \"day/1\"", "--remove", "checked").Succeeds();
        Assert.Single(Run(folder, "ls", "tag.checked = yes").Succeeds().Lines);
        Run(folder, "annotate", "--where", "tag.checked = yes", "--json", "{\"run\": 7}", "--parent", "@raw", "--location", "/srv/a").Succeeds();
        Assert.Equal(cids[1], Run(folder, "ls", $"json.run = 7 and parent = {cids[2]}").Succeeds().Lines[0].Split(' ')[0]);
        Assert.Equal($"{cids[2]}  would be pinned\n", Run(folder, "pin", "--where", "name = raw", "--dry-run").Succeeds().Text);
        Assert.Equal($"{cids[2]}  pinned\n", Run(folder, "pin", "--where", "name = raw").Succeeds().Text);
        Assert.Single(Run(folder, "pin", "ls").Succeeds().Lines);
        Run(folder, "get", cids[0], "@raw", "-o", folder.PathOf("out/")).Succeeds();
        Assert.Equal(new[] { cids[0], cids[2] }.Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(folder.PathOf("out")).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
        Run(folder, "get", cids[0], "@raw", "-o", folder.PathOf("one")).Exits(2);
        Run(folder, "get", cids[0], "@raw", "--as", "files").Exits(2);
    }

    [Fact]
    public void Names_are_renamed_copied_and_removed_by_pattern()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Fill(folder);
        Run(folder, "name", "--rename", "day/*", "old/*", "--dry-run").Succeeds();
        Assert.Equal(["day/1", "day/2", "raw"], Names());
        Run(folder, "name", "--rename", "day/*", "old/*").Succeeds();
        Assert.Equal(["old/1", "old/2", "raw"], Names());
        Run(folder, "name", "--copy", "raw", "latest").Succeeds();
        Assert.Equal($"{cids[2]}\n", Run(folder, "name", "latest").Succeeds().Text);
        Run(folder, "name", "--copy", "old/1", "latest").Exits(5);
        Assert.Equal(2, Run(folder, "name", "--remove", "old/*", "--dry-run").Succeeds().Lines.Length);
        Run(folder, "name", "--remove", "old/*").Succeeds();
        Assert.Equal(["latest", "raw"], Names());
        Run(folder, "name", "--remove", "none/*").Exits(3);

        string[] Names() => [.. Run(folder, "name").Succeeds().Lines.Select(line => line.Split(' ')[0])];
    }

    [Fact]
    public void Links_are_found_by_all_eight_combinations_of_subject_predicate_and_object()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Fill(folder);
        Run(folder, "annotate", cids[0], cids[1], "--parent", "@raw", "--producer", "etl").Succeeds();
        Run(folder, "tag", cids[0], "day=1").Succeeds();
        string[] all = Lines();
        Assert.Contains($"{cids[0]}  parent  {cids[2]}", all);
        Assert.Contains($"{cids[0]}  tag.day  1", all);
        foreach (string line in all)
        {
            string[] parts = line.Split("  ");
            for (int pattern = 0; pattern < 8; pattern++)
            {
                string[] query = [.. Given(pattern & 1, "--subject", parts[0]), .. Given(pattern & 2, "--predicate", parts[1]),
                    .. Given(pattern & 4, "--object", parts[2])];
                string[] expected = [.. all.Where(each => each.Split("  ") is var those && ((pattern & 1) == 0 || those[0] == parts[0])
                    && ((pattern & 2) == 0 || those[1] == parts[1]) && ((pattern & 4) == 0 || those[2] == parts[2]))];
                if (pattern is 5 or 3 or 1 or 0 && line != all[0]) continue;
                Assert.Equal(expected.Order(StringComparer.Ordinal), Lines(query).Order(StringComparer.Ordinal));
            }
        }

        Assert.Equal(2, Lines("--predicate", "parent", "--object", "@raw").Length);
        Run(folder, "links", "--predicate", "nonsense").Exits(2);

        string[] Lines(params string[] query) => Run(folder, ["links", .. query]).Succeeds().Lines;

        static string[] Given(int bit, string option, string value) => bit == 0 ? [] : [option, value];
    }

    private static string[] Fill(TemporaryFolder folder)
    {
        string[] names = ["day/1", "day/2", "raw"];
        return Array.ConvertAll(names, name => Run(folder, "put", folder.Write("a.csv", Encoding.UTF8.GetBytes($"v\n{name}\n")),
            "--name", name).Succeeds().Lines[0].Split(' ')[0]);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
