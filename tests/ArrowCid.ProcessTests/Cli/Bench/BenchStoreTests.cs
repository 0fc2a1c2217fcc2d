using System.Diagnostics;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>That the benchmark <c>store</c> runs whole and leaves nothing behind; figures are for people.</summary>
public class BenchStoreTests
{
    private static readonly string[] s_beginnings =
    [
        "look-up at ", "get, 10 columns, 1 KiB", "get, 10 columns, 1 MiB", "get, slowest by fastest size",
        "get, 1 MiB, against Redis GET", "get, 1 MiB, against Unix socket", "get, 1 MiB, against LMDB",
        "raw put, 1 KiB, hashed", "raw put, 1 KiB, against Redis", "raw put, 1 KiB, against LMDB",
        "raw put, 1 KiB, against SQLite", "one-column batch, encoded and put", "stream of small batches, read",
        "stream of small batches, heard of", "stream of small batches, read, against Redis",
        "stream of small batches, read, against a socket", "PutMany, 256 B, hashed", "PutMany, 256 B, against Redis",
        "put, 1 MiB", "put, 8 MiB", "PutMany, 4 KiB, by lanes", "wake-up of a sleeping reader", "durable puts, 1 KiB",
        "durable puts, 1 KiB, against SQLite", "readers on two cores, threads", "readers on two cores, processes",
    ];

    [StorePeersFact]
    public void Every_figure_is_there_or_says_why_not()
    {
        CommandResult result = Command.Bench("store", "--quick", "--json").Exits(0);
        JsonElement[] lines = result.Json;
        foreach (string beginning in s_beginnings)
            Assert.Contains(lines, line => Text(line, "name").StartsWith(beginning, StringComparison.Ordinal));
        foreach (JsonElement line in lines)
        {
            if (Text(line, "verdict") == "n/a")
            {
                Assert.False(string.IsNullOrEmpty(line.GetProperty("note").GetString()), line.ToString());
                continue;
            }

            // A difference of two medians, of which a busy machine may make anything.
            if (Text(line, "name") == "wake-up of a sleeping reader") continue;
            Assert.True(line.GetProperty("ours").GetDouble() > 0, line.ToString());
            if (Text(line, "peerName").Length == 0) continue;
            Assert.True(line.GetProperty("peer").GetDouble() > 0, line.ToString());
            Assert.True(line.GetProperty("ratio").GetDouble() > 0, line.ToString());
        }

        Assert.Contains("noise ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_is_named_is_measured()
    {
        CommandResult result = Command.Bench("store", "--quick", "--json", "--only", "encode").Exits(0);
        Assert.Equal("one-column batch, encoded and put", Text(Assert.Single(result.Json), "name"));
    }

    [Fact]
    public void An_interrupted_run_removes_its_stores()
    {
        var start = new ProcessStartInfo("dotnet", [Command.BenchDll, "store", "--only", "lookup"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        // The heading comes once the place is there.
        Assert.Contains("ours", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        string pattern = $"arrowcid-bench-{process.Id}-*";
        Assert.Single(Directory.EnumerateDirectories("/dev/shm", pattern));
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) kill.WaitForExit();
        process.WaitForExit();
        Assert.Equal(130, process.ExitCode);
        Assert.Empty(Directory.EnumerateDirectories("/dev/shm", pattern));
    }

    [Theory]
    [InlineData("store", "--only", "nonsense")]
    [InlineData("store", "--rounds", "1")]
    [InlineData("nonsense")]
    public void Misuse_is_reported_on_standard_error(params string[] arguments)
    {
        CommandResult result = Command.Bench(arguments).Exits(2);
        Assert.Empty(result.Bytes);
        Assert.Contains("\nTry 'dotnet run --project tests/ArrowCid.Benchmarks -c Release -- ", result.Errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_every_benchmark_but_not_the_second_process()
    {
        string help = Command.Bench("--help").Succeeds().Text;
        foreach (string name in (string[])["hash", "store", "ipc", "export", "registry", "flight"])
            Assert.Contains($"\n  {name} ", help, StringComparison.Ordinal);
        Assert.DoesNotContain("bench-second", help, StringComparison.Ordinal);
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;
}
