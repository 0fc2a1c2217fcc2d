using System.Diagnostics;
using System.Globalization;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Storage;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests;

/// <summary>Results of calls between processes, and when one of them dies.</summary>
public sealed class MemoProcessTests(ITestOutputHelper output)
{
    private const int Killed = 137;

    [Theory]
    [InlineData("N1:1")]
    [InlineData("N1:4")]
    [InlineData("N2:1")]
    [InlineData("N2:4")]
    [InlineData("N3:1")]
    [InlineData("N3:4")]
    [InlineData("P4:3")]
    [InlineData("P5:5")]
    public async Task Result_that_was_returned_stays_wherever_its_process_is_killed(string crashAt) => await KillAt(crashAt);

    /// <summary>The steps of a process that opens a store, computes results and closes it: by default the first pass of those
    /// of every put, with ARROWCID_LONG the first 40 passes of every step that there is.</summary>
    [Fact]
    public async Task Result_that_was_returned_stays_at_every_step_that_its_process_passes()
    {
        CrashStep[] steps = [CrashStep.P0, CrashStep.P1, CrashStep.P2, CrashStep.P3, CrashStep.P6];
        int passes = 1;
        if (Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1")
            (steps, passes) = ([.. Enum.GetValues<CrashStep>().Where(step => step != CrashStep.None)], 40);
        var killed = new List<string>();
        foreach (CrashStep step in steps)
        {
            for (int pass = 1; pass <= passes; pass++)
            {
                string crashAt = string.Create(CultureInfo.InvariantCulture, $"{step}:{pass}");
                if (!await KillAt(crashAt, mayPass: true)) break;
                killed.Add(crashAt);
            }
        }

        output.WriteLine($"{killed.Count} kills: {string.Join(' ', killed)}");
        Assert.All((string[])["P0", "P1", "P2", "P3", "P6"], step => Assert.Contains($"{step}:1", killed));
    }

    /// <summary>Kills a process that computes results; whether it came to the step.</summary>
    private static async Task<bool> KillAt(string crashAt, bool mayPass = false)
    {
        using var folder = new TemporaryFolder(isMemory: true);
        (int exit, string[] first) = await Run(crashAt, "memo-count", folder.Store, "0", "6");
        if (mayPass && exit == 0) return false;
        Assert.Equal(Killed, exit);
        using (CidStore store = MemoWorker.Open(folder.Store))
        {
            Memo memo = Memo.Open(store, MemoWorker.Function);
            int[] found = [.. Enumerable.Range(0, 6).Where(number => memo.Find(MemoWorker.KeyOf(store, number)) is not null)];
            Assert.Superset(first.Select(line => int.Parse(line, CultureInfo.InvariantCulture)).ToHashSet(), found.ToHashSet());
            Assert.Equal(found.Length, memo.List().Count());
            Assert.All(memo.List(), entry => Assert.NotNull(entry.Key));
            Assert.Empty(store.Diagnostics.CheckFacts());
        }

        (exit, string[] second) = await Run(null, "memo-count", folder.Store, "0", "6");
        Assert.Equal((0, 6), (exit, second.Length));
        return true;
    }

    [Fact]
    public async Task Processes_that_miss_together_compute_once()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        MemoWorker.Open(folder.Store).Dispose();
        Process[] workers = [.. Enumerable.Range(0, 8).Select(_ => Worker.Start(null, "memo-once", folder.Store, "waits"))];
        try
        {
            foreach (Process worker in workers) Assert.Equal("ready", await worker.StandardOutput.ReadLineAsync());
            foreach (Process worker in workers) worker.StandardInput.Close();
            string[] printed = await Task.WhenAll(workers.Select(worker => worker.StandardOutput.ReadToEndAsync()));
            Assert.Single(printed, text => text.StartsWith("computes\n", StringComparison.Ordinal));
            Assert.All(printed, text => Assert.EndsWith("the value of -1\n", text, StringComparison.Ordinal));
        }
        finally
        {
            End(workers);
        }
    }

    [Fact]
    public async Task Next_process_computes_when_the_one_that_computes_is_killed()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        MemoWorker.Open(folder.Store).Dispose();
        Process first = Worker.Start(null, "memo-once", folder.Store, "waits");
        Process? second = null;
        try
        {
            Assert.Equal("ready", await first.StandardOutput.ReadLineAsync());
            Assert.Equal("computes", await first.StandardOutput.ReadLineAsync());
            second = Worker.Start(null, "memo-once", folder.Store, "goes");
            Assert.Equal("ready", await second.StandardOutput.ReadLineAsync());
            Task<string?> next = second.StandardOutput.ReadLineAsync();
            Assert.False(next.IsCompleted);
            first.Kill();
            Assert.Equal("computes", await next);
            Assert.Equal("the value of -1", await second.StandardOutput.ReadLineAsync());
        }
        finally
        {
            End([first, .. second is null ? Array.Empty<Process>() : [second]]);
        }
    }

    private static async Task<(int Exit, string[] Lines)> Run(string? crashAt, params string[] arguments)
    {
        using Process worker = Worker.Start(crashAt, arguments);
        worker.StandardInput.Close();
        Task<string> errors = worker.StandardError.ReadToEndAsync();
        string printed = await worker.StandardOutput.ReadToEndAsync();
        await worker.WaitForExitAsync();
        Assert.True(worker.ExitCode is 0 or Killed, await errors);
        return (worker.ExitCode, printed.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static void End(Process[] workers)
    {
        foreach (Process worker in workers)
        {
            if (!worker.HasExited) worker.Kill();
            worker.Dispose();
        }
    }
}
