using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>How the command behaves among others: help, misuse, pipes, signals.</summary>
public class MannersTests
{
    [Theory]
    [InlineData("hash", "arrowcid hash ")]
    [InlineData("check", "arrowcid check ")]
    [InlineData("explain", "arrowcid explain ")]
    [InlineData("diff", "arrowcid diff ")]
    [InlineData("put", "arrowcid put ")]
    [InlineData("get", "arrowcid get ")]
    [InlineData("cat", "arrowcid cat ")]
    [InlineData("ls", "arrowcid ls")]
    [InlineData("info", "arrowcid info ")]
    [InlineData("verify", "arrowcid verify ")]
    [InlineData("tag", "arrowcid tag ")]
    [InlineData("name", "arrowcid name ")]
    [InlineData("pin", "arrowcid pin ")]
    [InlineData("unpin", "arrowcid unpin ")]
    [InlineData("touch", "arrowcid touch ")]
    [InlineData("rm", "arrowcid rm ")]
    [InlineData("demo", "arrowcid demo")]
    public void Help_ends_in_an_example(string verb, string example)
    {
        string help = Command.Run(verb, "--help").Succeeds().Text;
        string examples = help[help.IndexOf("Example", StringComparison.Ordinal)..];
        Assert.Contains($"\n  {example}", examples, StringComparison.Ordinal);
    }

    [Fact]
    public void The_root_s_help_names_every_verb_but_the_hidden_ones()
    {
        string help = Command.Run("--help").Succeeds().Text;
        foreach (string verb in (string[])["hash", "check", "explain", "diff", "put", "get", "cat", "ls", "info", "verify", "demo",
            "links", "same", "compare", "watch", "tag", "annotate", "name", "schema", "pin", "unpin", "touch", "rm", "stats", "maintain"])
        {
            Assert.Contains($"\n  {verb} ", help, StringComparison.Ordinal);
        }

        foreach (string verb in (string[])["demo-reader", "query", "why", "du", "shm", "reap", "compact", "config"])
            Assert.DoesNotContain($"\n  {verb} ", help, StringComparison.Ordinal);
        Assert.Equal(help, Command.Run().Succeeds().Text);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("hash")]
    [InlineData("hash", "--nonsense", "file")]
    [InlineData("verify")]
    [InlineData("verify", "--all", "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy")]
    [InlineData("put", "--rows-per-block", "many", "file")]
    [InlineData("explain", "-", "-")]
    [InlineData("hash", "")]
    [InlineData("ls", "--store", "")]
    [InlineData("cat", "CID", "--format", "xml")]
    public void Misuse_is_said_on_standard_error(params string[] arguments)
    {
        CommandResult result = Command.Run(arguments).Exits(2);
        Assert.Empty(result.Bytes);
        Assert.All(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.True(
            line.StartsWith("arrowcid: ", StringComparison.Ordinal) || line.StartsWith("Try 'arrowcid ", StringComparison.Ordinal), line));
        Assert.DoesNotContain("\\u00", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put", "pot", "x")]
    [InlineData("verify", "verfiy")]
    [InlineData("--where", "cat", "CID", "--wher", "a > 1")]
    [InlineData("--exit-code", "diff", "a", "b", "--exitcode")]
    public void Misuse_is_answered_with_the_nearest_word_when_there_is_one(string meant, params string[] arguments) =>
        Assert.Contains($"arrowcid: did you mean '{meant}'?\n", Command.Run(arguments).Exits(2).Errors, StringComparison.Ordinal);

    [Fact]
    public void Help_and_version_are_also_verbs()
    {
        Assert.Equal(Command.Run("put", "--help").Succeeds().Text, Command.Run("help", "put").Succeeds().Text);
        Assert.Equal(Command.Run("--help").Succeeds().Text, Command.Run("help").Succeeds().Text);
        Assert.Equal(Command.Run("--version").Succeeds().Text, Command.Run("version").Succeeds().Text);
    }

    [Fact]
    public void Misuse_of_a_verb_below_another_points_to_its_own_help() =>
        Assert.EndsWith("Try 'arrowcid car verify --help'.\n",
            Command.Run("car", "verify", "--nonsense").Exits(2).Errors, StringComparison.Ordinal);

    [Fact]
    public void A_file_in_a_store_s_place_is_not_called_a_symbolic_link()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("file", [1]);
        CommandResult result = Command.Run("put", "--store", file, Command.Sample).Exits(3);
        Assert.Contains("Not a directory", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copied_store_is_listed_without_a_put_first()
    {
        using var folder = new TemporaryFolder();
        string cid = Command.Run("put", "--store", folder.Store, Command.Sample).Succeeds().Text.Split(' ')[0];
        string copy = folder.PathOf("copy");
        Command.Shell($"cp -r {folder.Store} {copy}").Succeeds();
        Assert.StartsWith(cid, Command.Run("ls", "--store", copy).Succeeds().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_has_seen_enough_is_no_error()
    {
        using var folder = new TemporaryFolder();
        string cid = Command.Run("put", "--store", folder.Store, Command.Sample).Succeeds().Text.Split(' ')[0];
        CommandResult result = Command.Shell($"\"$@\" cat {cid} --format csv | head -n 1", folder.Store).Succeeds();
        Assert.Equal("delay,distance,time\r\n", result.Text);
    }

    [Fact]
    public void Output_is_appended_to_what_a_file_has()
    {
        using var folder = new TemporaryFolder();
        string file = folder.PathOf("list");
        Command.Shell($"(\"$@\" hash vectors/v1.arrows; \"$@\" hash vectors/v1.arrows) > {file}; \"$@\" hash vectors/v1.arrows >> {file}").Succeeds();
        Assert.Equal(3, File.ReadAllLines(file).Length);
    }

    [Fact]
    public void An_interrupt_ends_with_130()
    {
        // A shell's background job ignores interrupts, and so would what it starts.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", Command.Dll, "hash", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        // More than a pipe holds: once it is written, the command is reading.
        using var reader = File.OpenRead(Command.Sample);
        reader.CopyTo(process.StandardInput.BaseStream);
        process.StandardInput.BaseStream.Flush();
        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"])) kill.WaitForExit();
        process.WaitForExit();
        Assert.Equal(130, process.ExitCode);
        Assert.Equal("", process.StandardError.ReadToEnd());
    }

    [Fact]
    public void A_hostile_file_name_or_text_does_not_talk_to_the_terminal()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = Command.Run("hash", folder.PathOf("a\u001b[31mb")).Exits(3);
        Assert.DoesNotContain('\u001b', result.Errors);
        Assert.Contains("a\\u001b[31mb", result.Errors, StringComparison.Ordinal);
    }
}
