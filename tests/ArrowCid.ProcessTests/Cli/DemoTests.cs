using System.Globalization;
using System.Text.RegularExpressions;
using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid.ProcessTests.Cli;

public partial class DemoTests
{
    [Fact]
    public void Two_processes_share_twenty_blocks()
    {
        using var folder = new TemporaryFolder();
        CommandResult demo = Command.Run("demo", "--store", folder.Store).Succeeds();
        AssertWhole(demo);
        string[] cids = Cids(demo);
        using var reader = ArrowReader.Open(File.ReadAllBytes(Command.Sample));
        RecordBatch flights = reader.ReadView()!;
        Assert.Equal(Enumerable.Range(0, 20).Select(i => CanonicalBlock.CidOf(flights.Slice(i * 10_000, 10_000)).ToString()), cids);
        Assert.Equal(cids, Command.Run(["ls"], null, folder.Store).Succeeds().Lines.Select(line => line.Split(' ')[0]));
        CommandResult refused = Command.Run("demo", "--store", folder.Store).Exits(2);
        Assert.Contains("is not empty", refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>The figures, worked out the slow way from the file.</summary>
    [Fact]
    public void The_second_process_reads_the_right_figures()
    {
        using var folder = new TemporaryFolder();
        string text = Command.Run("demo", "--store", folder.Store).Succeeds().Text;
        using var reader = ArrowReader.Open(File.ReadAllBytes(Command.Sample));
        RecordBatch flights = reader.ReadView()!;
        short[] delays = flights.Column<short>("delay").Values.ToArray();
        short[] distances = flights.Column<short>("distance").Values.ToArray();
        (string Name, int From, int To)[] bands =
        [
            ("under 250", 0, 250), ("250 to 499", 250, 500), ("500 to 999", 500, 1000), ("1000 to 1999", 1000, 2000),
            ("2000 and more", 2000, int.MaxValue),
        ];
        foreach ((string name, int from, int to) in bands)
        {
            int[] of = [.. delays.Where((_, i) => distances[i] >= from && distances[i] < to).Select(d => (int)d).Order()];
            string[] figures =
            [
                of.Length.ToString("N0", CultureInfo.InvariantCulture),
                of.Average().ToString("F2", CultureInfo.InvariantCulture),
                of[of.Length / 2].ToString(CultureInfo.InvariantCulture),
                of[of.Length * 9 / 10].ToString(CultureInfo.InvariantCulture),
                (100.0 * of.Count(d => d > 15) / of.Length).ToString("F1", CultureInfo.InvariantCulture) + " %",
            ];
            string pattern = $@"^\s*{name}\s+{string.Join(@"\s+", figures.Select(Regex.Escape))}\s*$";
            Assert.True(Regex.IsMatch(text, pattern, RegexOptions.Multiline), $"no line {pattern} in\n{text}");
        }
    }

    [Fact]
    public void What_it_says_to_try_works()
    {
        using var folder = new TemporaryFolder();
        string[] lines = [.. Command.Run("demo", "--store", folder.Store).Succeeds().Lines.Select(line => line.Trim())];
        int first = Array.FindIndex(lines, line => line.StartsWith("alias arrowcid=", StringComparison.Ordinal));
        string[] commands = lines[first..];
        Assert.Equal(8, commands.Length);
        Assert.Equal($"rm -r {folder.Store}", commands[^1]);
        // A shell that is not interactive knows no alias.
        string script = string.Join(" && ", commands[1..].Select(line => line.Replace("arrowcid ", "\"$@\" ", StringComparison.Ordinal)));
        CommandResult result = Command.Shell(script).Exits(0);
        Assert.StartsWith("20 ok, 0 damaged", result.Errors, StringComparison.Ordinal);
        string cid = CidPattern().Match(commands[2]).Value;
        string digest = Convert.ToHexStringLower(Cid.Parse(cid).Hash.ToBytes()[2..]);
        Assert.Contains($"{digest}  -\n", result.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Store));
    }

    /// <summary>A container's /dev/shm: 64 MB, here in a mount namespace of its own.</summary>
    [MountFact]
    public void It_runs_in_64_MB_of_shared_memory()
    {
        CommandResult result = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=64m tmpfs /dev/shm && unset ARROWCID_STORE && " +
            "\"$@\" demo && \"$@\" demo && \"$@\" put --rows-per-block 5000 \"" + Command.Sample + "\" && \"$@\" verify --all && " +
            "du -s /dev/shm' sh \"$@\"").Exits(0);
        Assert.Contains("into a new store, /dev/shm/arrowcid-", result.Text, StringComparison.Ordinal);
        Assert.Equal(2, Places().Count(result.Text) / 20);
        Assert.StartsWith("40 ok, 0 damaged", result.Errors, StringComparison.Ordinal);
    }

    [MountFact]
    public void Without_room_in_shared_memory_it_runs_elsewhere()
    {
        CommandResult result = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=1m tmpfs /dev/shm && " +
            "TMPDIR=$(mktemp -d) && export TMPDIR && \"$@\" demo; code=$?; rm -r $TMPDIR; exit $code' sh \"$@\"").Exits(0);
        AssertWhole(result);
        Assert.StartsWith("arrowcid: /dev/shm has not 16 MiB to spare", result.Errors, StringComparison.Ordinal);
    }

    private static void AssertWhole(CommandResult demo)
    {
        Assert.Equal(20, Cids(demo).Distinct().Count());
        Assert.Contains("20 of 20 found", demo.Text, StringComparison.Ordinal);
        Assert.Contains("20 new", demo.Text, StringComparison.Ordinal);
        Assert.Contains("again: 20 known", demo.Text, StringComparison.Ordinal);
        string[] processes = [.. Processes().Matches(demo.Text).Select(match => match.Groups[1].Value)];
        Assert.Equal(2, processes.Distinct().Count());
        Assert.DoesNotContain('\u001b', demo.Text);
    }

    private static string[] Cids(CommandResult demo) => [.. Places().Matches(demo.Text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"^   (bafkrei\w{52})  10,000 rows  [\d,]+ bytes  seg-\w{4}-\w{8}\+\d+$", RegexOptions.Multiline)]
    private static partial Regex Places();

    [GeneratedRegex(@"\(pid (\d+)\)")]
    private static partial Regex Processes();

    [GeneratedRegex("bafkrei\\w{52}")]
    private static partial Regex CidPattern();
}
