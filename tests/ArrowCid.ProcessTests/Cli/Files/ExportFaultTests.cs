using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Exports and imports that are killed at random moments or run out of disk: whole files and whole batches, or
/// none. <c>ARROWCID_SEED</c> gives the shares of its time after which a process is killed; a failure names them.</summary>
public class ExportFaultTests
{
    private const int Kills = 4;

    // Every run takes other moments, unless it replays one.
    private static readonly int s_seed =
        Environment.GetEnvironmentVariable("ARROWCID_SEED") is { Length: > 0 } seed ? int.Parse(seed) : Environment.TickCount;

    // Of the CAR that CarVerbsTests kills imports of, too.
    [Theory]
    [InlineData("parquet")]
    [InlineData("car")]
    [InlineData("arrow")]
    [InlineData("csv")]
    [InlineData("json")]
    public void A_killed_export_leaves_no_half_file_and_the_next_one_takes_away_what_it_left(string format)
    {
        using var folder = new TemporaryFolder();
        PutFlights(folder);
        string output = folder.PathOf($"flights.{format}");
        string[] export = ["export", format, "flights", "-o", output];
        TimeSpan whole = Command.Time(() => Run(folder, export).Exits(0));
        byte[] wanted = File.ReadAllBytes(output);
        File.Delete(output);
        foreach (double share in Shares())
        {
            TimeSpan moment = whole * share;
            Command.Kill(moment, folder.Store, export);
            if (!File.Exists(output)) continue;
            Assert.True(wanted.AsSpan().SequenceEqual(File.ReadAllBytes(output)),
                $"half a file: {Told(share, moment)}");
        }

        Run(folder, export).Exits(0);
        Assert.Equal(wanted, File.ReadAllBytes(output));
        Assert.Equal([output, folder.Store], Directory.GetFileSystemEntries(folder.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_export_takes_away_only_what_the_dead_left_of_its_own_file()
    {
        using var folder = new TemporaryFolder();
        PutFlights(folder);
        string left = folder.Write($"a.csv.tmp-{Ended()}", [1]);
        string locked = folder.Write($"a.csv.tmp-{Ended()}", [1]);
        string[] others =
        [
            locked, folder.Write($"b.csv.tmp-{Ended()}", [1]), folder.Write("a.csv.tmp-notes", [1]),
            folder.Write($"a.csv.tmp-{Environment.ProcessId}", [1]),
        ];
        using (new FileStream(locked, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Run(folder, "export", "csv", "flights", "-o", folder.PathOf("a.csv")).Succeeds();
        Assert.False(File.Exists(left));
        Assert.All(others, other => Assert.True(File.Exists(other), other));
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("csv")]
    [InlineData("json")]
    public void A_killed_import_leaves_whole_batches_and_the_next_one_brings_the_rest(string format)
    {
        using var folder = new TemporaryFolder();
        PutFlights(folder);
        string file = folder.PathOf(format == "json" ? "flights.jsonl" : $"flights.{format}");
        Run(folder, "export", format, "flights", "-o", file).Exits(0);
        string[] import = ["import", "--rows-per-block", "20000", file];
        string into = folder.PathOf("into");
        TimeSpan whole = Command.Time(() => Command.Run(import, null, folder.PathOf("first")).Exits(0));
        string[] wanted = [.. Cids("hash", "--rows-per-block", "20000", file).Order(StringComparer.Ordinal)];
        Assert.Equal(10, wanted.Length);
        foreach (double share in Shares())
        {
            TimeSpan moment = whole * share;
            Command.Kill(moment, into, import);
            // Killed before there was a store.
            if (Command.Run(["verify", "--all"], null, into) is not { ExitCode: 0 } proved) continue;
            Assert.True(proved.Errors.Contains(" 0 damaged", StringComparison.Ordinal), $"{proved.Errors} {Told(share, moment)}");
            string[] here = [.. Cids("ls", "--store", into)];
            Assert.True(here.All(wanted.Contains), $"{string.Join(' ', here)}: {Told(share, moment)}");
        }

        Command.Run(import, null, into).Exits(0);
        Assert.Equal(wanted, Cids("ls", "--store", into).Order(StringComparer.Ordinal));
    }

    [MountFact]
    public void A_full_disk_ends_an_export_with_its_reason_and_no_file()
    {
        using var folder = new TemporaryFolder();
        PutFlights(folder);
        string disk = Directory.CreateDirectory(folder.PathOf("disk")).FullName;
        foreach (string format in new[] { "parquet", "car", "arrow", "csv", "json" })
        {
            CommandResult result = Command.Shell($"unshare -m sh -c 'mount -t tmpfs -o size=128k tmpfs {disk} && " +
                $"{{ \"$@\" export {format} flights -o {disk}/out; echo code $?; ls -A {disk}; }}' sh \"$@\"",
                folder.Store).Exits(0);
            Assert.Equal("code 6\n", result.Text);
            Assert.Contains("out cannot be written: No space left on device", result.Errors, StringComparison.Ordinal);
        }
    }

    [MountFact]
    public void A_full_disk_ends_an_import_with_its_reason_and_whole_batches()
    {
        using var folder = new TemporaryFolder();
        PutFlights(folder);
        Run(folder, "export", "parquet", "flights", "-o", folder.PathOf("f.parquet")).Exits(0);
        Run(folder, "export", "car", "flights", "-o", folder.PathOf("f.car")).Exits(0);
        Run(folder, "export", "csv", "flights", "-o", folder.PathOf("f.csv")).Exits(0);
        foreach (string file in new[] { "f.parquet", "f.car", "f.csv" })
        {
            CommandResult result = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=40m tmpfs /dev/shm && " +
                $"export ARROWCID_STORE=/dev/shm/full && \"$@\" put \"{Command.Data}/vectors/v1.arrows\" && " +
                "{ cat /dev/zero > /dev/shm/filler 2>/dev/null; " +
                $"\"$@\" import --rows-per-block 5000 {folder.PathOf(file)} >/dev/null; echo code $?; " +
                "\"$@\" verify --all >/dev/null; echo code $?; rm /dev/shm/filler; } && " +
                $"\"$@\" import --rows-per-block 5000 {folder.PathOf(file)} >/dev/null && \"$@\" verify --all | wc -l' " +
                "sh \"$@\"").Exits(0);
            Assert.Contains("code 6\ncode 0\n", result.Text, StringComparison.Ordinal);
            Assert.Contains("does not fit", result.Errors, StringComparison.Ordinal);
            Assert.True(int.Parse(result.Lines[^1].Trim()) > 10, result.Text);
        }

        CommandResult pipe = Command.Shell("unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs /mnt && " +
            $"cat {folder.PathOf("f.parquet")} | TMPDIR=/mnt ARROWCID_STORE={folder.PathOf("piped")} \"$@\" import -; " +
            "echo code $?; ls -A /mnt' sh \"$@\"").Exits(0);
        Assert.Equal("code 6\n", pipe.Text);
        Assert.Contains("the input could not be copied to /mnt/", pipe.Errors, StringComparison.Ordinal);
    }

    private static void PutFlights(TemporaryFolder folder) =>
        Run(folder, "put", "--dataset", "flights", "--rows-per-block", "20000", Command.Sample).Succeeds();

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, null, folder.Store);

    private static IEnumerable<string> Cids(params string[] arguments) =>
        Command.Run(arguments).Exits(0).Lines.Select(line => line.Split(' ')[0]);

    /// <summary>A process that was.</summary>
    private static int Ended()
    {
        using Process process = Process.Start("true");
        process.WaitForExit();
        return process.Id;
    }

    private static double[] Shares()
    {
        var random = new Random(s_seed);
        return [.. Enumerable.Range(0, Kills).Select(_ => random.NextDouble())];
    }

    private static string Told(double share, TimeSpan moment) =>
        $"ARROWCID_SEED={s_seed}, killed after {share:P1} of its time, {moment.TotalMilliseconds:F0} ms";
}
