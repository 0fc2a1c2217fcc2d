using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Directories, patterns and datasets of many files.</summary>
public class PutFilesTests
{
    [Fact]
    public void Directory_is_read_in_order_and_at_any_depth()
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        CommandResult hash = Command.Run("hash", root).Exits(0);
        Assert.Equal(["2026/a.csv", "2026/b.csv", "2026/deep/c.jsonl", "z.csv"], hash.Lines.Select(line => Relative(root, line)));
        Assert.Equal($"arrowcid: {root}: 2 files of an unknown extension skipped: 2026/notes.md, readme.txt\n", hash.Errors);
        Assert.Equal(4, Command.Run(["put", root], null, folder.Store).Exits(0).Lines.Length);
        CommandResult strict = Command.Run(["put", root, "--strict"], null, folder.Store).Exits(2);
        Assert.Empty(strict.Bytes);
        Assert.Contains("2026/notes.md, readme.txt; nothing was read", strict.Errors, StringComparison.Ordinal);
        Assert.Equal(4, Command.Run(["import", root], null, folder.Store).Exits(0).Lines.Length);
    }

    [Theory]
    [InlineData("**/*.csv", "2026/a.csv 2026/b.csv z.csv")]
    [InlineData("*.csv", "z.csv")]
    [InlineData("2026/?.csv", "2026/a.csv 2026/b.csv")]
    [InlineData("2026/[!a].csv", "2026/b.csv")]
    [InlineData("*/**", "2026/a.csv 2026/b.csv 2026/deep/c.jsonl")]
    public void Pattern_is_the_files_that_it_matches(string pattern, string expected)
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        CommandResult hash = Command.Run("hash", $"{root}/{pattern}");
        Assert.Equal(expected.Split(' '), hash.Lines.Select(line => Relative(root, line)));
    }

    [Fact]
    public void Pattern_or_directory_without_a_file_is_an_error_that_names_it()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no file matches", Command.Run("hash", folder.PathOf("*.arrow")).Exits(3).Errors, StringComparison.Ordinal);
        Assert.Contains(": no file whose name ends in .arrow", Command.Run("hash", folder.Name).Exits(3).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--name", "n")]
    [InlineData("--dataset", "n")]
    [InlineData("--dataset", "n", "--append")]
    public void Put_stores_nothing_when_the_files_of_one_name_have_several_schemas(params string[] options)
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, string text) in new[] { ("a", "n\n1\n"), ("b", "n\n2\n"), ("c", "x\n1.5\n") })
            File.WriteAllText(folder.PathOf($"{name}.csv"), text);
        string[] files = [.. "abc".Select(name => folder.PathOf($"{name}.csv"))];
        CommandResult refused = Command.Run(["put", .. files, .. options], null, folder.Store).Exits(2);
        Assert.Empty(refused.Bytes);
        Assert.Contains($"{files[2]} has another schema than {files[0]}", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("nothing was stored", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(Command.Run(["ls"], null, folder.Store).Exits(0).Bytes);
        Assert.Equal(3, Command.Run(["put", .. files[..2], .. options], null, folder.Store).Exits(0).Lines.Length);
        if (options.Length > 2) refused = Command.Run(["put", files[2], .. options], null, folder.Store).Exits(2);
        Assert.Equal(2, Command.Run(["ls", "--where", "kind = batch"], null, folder.Store).Exits(0).Lines.Length);
    }

    [Fact]
    public void Loop_of_links_is_not_entered()
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        Directory.CreateSymbolicLink(Path.Combine(root, "2026", "loop"), root);
        File.CreateSymbolicLink(Path.Combine(root, "y.csv"), Path.Combine(root, "z.csv"));
        Assert.Equal(["2026/a.csv", "2026/b.csv", "2026/deep/c.jsonl", "y.csv", "z.csv"],
            Command.Run("hash", root).Exits(0).Lines.Select(line => Relative(root, line)));
    }

    [Fact]
    public void Fault_in_one_file_names_it_and_the_others_are_put()
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        File.WriteAllText(Path.Combine(root, "bad.parquet"), "no such thing");
        CommandResult put = Command.Run(["put", root], null, folder.Store).Exits(4);
        Assert.Equal(4, put.Lines.Length);
        Assert.Contains($"arrowcid: {root}/bad.parquet: this is plain text", put.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Datasets_are_made_per_directory_or_file()
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        string Names(params string[] arguments)
        {
            Command.Run(["put", .. arguments], null, folder.Store).Exits(0);
            return string.Join(' ', Command.Run(["name", "--json"], null, folder.Store).Exits(0).Json
                .Select(each => each.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
        }

        Assert.Equal("2026 2026/deep in", Names(root, "--dataset-per", "directory"));
        Assert.Equal("2026 2026/deep in t t/2026 t/2026/deep", Names(root, "--dataset-per", "directory", "--dataset", "t"));
        Assert.Equal("2026 2026/a 2026/b 2026/deep in t t/2026 t/2026/deep z",
            Names($"{root}/**/*.csv", "--dataset-per", "file"));
        Assert.Equal(4, Command.Run(["cat", "@2026", "--format", "csv"], null, folder.Store).Succeeds().Lines.Length - 1);
        File.Copy(Path.Combine(root, "z.csv"), Path.Combine(root, "z.tsv"));
        CommandResult twice = Command.Run(["put", root, "--dataset-per", "file"], null, folder.Store).Exits(2);
        Assert.Contains("would both be the dataset 'z'", twice.Errors, StringComparison.Ordinal);
        Command.Run(["put", "-", "--dataset-per", "file"], null, folder.Store).Exits(2);
    }

    [Fact]
    public void Append_makes_the_dataset_that_a_whole_put_makes()
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        string a = Path.Combine(root, "2026/a.csv"), b = Path.Combine(root, "2026/b.csv"), z = Path.Combine(root, "z.csv");
        CommandResult Put(params string[] arguments) => Command.Run(["put", .. arguments], null, folder.Store);
        string whole = Put("--dataset", "whole", a, b).Succeeds().Lines[^1].Split(' ')[0];
        Put("--dataset", "t", "--append", a).Succeeds();
        Assert.StartsWith($"{whole}  4  ", Put("--dataset", "t", "--append", b).Succeeds().Lines[^1], StringComparison.Ordinal);
        Put("--name", "one", a).Succeeds();
        Assert.StartsWith($"{whole}  4  ", Put("--dataset", "one", "--append", b).Succeeds().Lines[^1], StringComparison.Ordinal);
        Assert.Contains("has another schema than 't', and the dataset 't' has one; nothing was stored",
            Put("--dataset", "t", "--append", z).Exits(2).Errors, StringComparison.Ordinal);
        Assert.Equal("4\n", Command.Shell("\"$@\" cat @t --format csv | tail -n +2 | wc -l", folder.Store).Text);
        Put("--append", a).Exits(2);
        Put("--dataset", "t", "--append", "--dataset-meta", "a=b", a).Exits(2);
    }

    [Fact]
    public void Appends_of_several_processes_keep_the_batches_of_all()
    {
        using var folder = new TemporaryFolder();
        const int Writers = 4, Each = 6;
        Command.Run(["put", "vectors/v1.arrows", "--dataset", "other"], null, folder.Store).Succeeds();
        var scripts = new List<Process>();
        for (int writer = 0; writer < Writers; writer++)
        {
            var files = new StringBuilder();
            for (int i = 0; i < Each; i++)
                files.Append($" '{folder.Write($"{writer}-{i}.csv", Encoding.UTF8.GetBytes($"w,i\n{writer},{i}\n"))}'");
            string line = $"for f in{files}; do dotnet '{Command.Dll}' put --dataset t --append \"$f\" || exit 1; done";
            var start = new ProcessStartInfo("sh", ["-c", line]) { RedirectStandardOutput = true };
            start.Environment["ARROWCID_STORE"] = folder.Store;
            scripts.Add(Process.Start(start)!);
        }

        foreach (Process script in scripts)
        {
            script.StandardOutput.ReadToEnd();
            script.WaitForExit();
            Assert.Equal(0, script.ExitCode);
            script.Dispose();
        }

        string[] rows = Command.Run(["cat", "@t", "--format", "csv"], null, folder.Store).Succeeds().Text.Split("\r\n")[1..^1];
        Assert.Equal(Enumerable.Range(0, Writers).SelectMany(w => Enumerable.Range(0, Each).Select(i => $"{w},{i}")),
            rows.Order(StringComparer.Ordinal));
        // Of one writer the batches are in its order.
        Assert.All(rows.GroupBy(row => row[0]), own => Assert.Equal(own.Order(StringComparer.Ordinal), own));
    }

    [ScriptFact]
    public void Terminal_shows_tables_with_names_and_units_and_a_total()
    {
        using var folder = new TemporaryFolder();
        string root = Tree(folder);
        string put = OnTerminal(folder, $"put {root} --dataset-per file");
        Assert.Contains("total: 4 files, 4 batches, 7 rows, ", put, StringComparison.Ordinal);
        string[] list = OnTerminal(folder, "ls").Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches("^CID +ROWS +SIZE  TIME$", list[0]);
        Assert.All(list[1..], line => Assert.Matches("^bafk[a-z2-7]{55} +[0-9]  +[0-9]+ B  20", line));
        Assert.Matches("^ *SIZE  BLOCKS  OWNER\r\n *[0-9.]+ K?i?B  ", OnTerminal(folder, "du"));
        Assert.Matches("iB of [0-9.]+ [MG]iB taken", OnTerminal(folder, "stats"));
        Assert.DoesNotContain("CID", Command.Run(["ls"], null, folder.Store).Succeeds().Text, StringComparison.Ordinal);
    }

    private static string OnTerminal(TemporaryFolder folder, string arguments) =>
        Regex.Replace(Command.Shell($"script -qec \"dotnet '{Command.Dll}' {arguments}\" /dev/null", folder.Store).Exits(0).Text,
            @"\e(\[[?0-9;]*[a-zA-Z]|[=>])", "");

    private static string Tree(TemporaryFolder folder)
    {
        string root = folder.PathOf("in");
        foreach ((string name, string text) in new[]
        {
            ("z.csv", "q\n1\n"), ("readme.txt", "x"), (".hidden.csv", "a\n1\n"), ("2026/b.csv", "v\n3\n4\n"), ("2026/a.csv", "v\n1\n2\n"),
            ("2026/notes.md", "x"), ("2026/deep/c.jsonl", "{\"v\":5}\n{\"v\":6}\n"), (".git/d.csv", "a\n1\n"),
        })
        {
            string path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }

        return root;
    }

    private static string Relative(string root, string line)
    {
        string file = line.Split("  ").First(part => part.Contains('#', StringComparison.Ordinal));
        return Path.GetRelativePath(root, file[..file.LastIndexOf('#')]);
    }
}

/// <summary>A test that needs <c>script</c> of util-linux, which runs a command on a terminal.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ScriptFactAttribute : FactAttribute
{
    public ScriptFactAttribute()
    {
        if (!File.Exists("/usr/bin/script")) Skip = "script (util-linux) is not installed";
    }
}
