using System.Diagnostics;
using System.Globalization;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid.ProcessTests;

/// <summary>Maintenance that is killed, and of which another process takes over.</summary>
public sealed class MaintenanceProcessTests
{
    private const int Killed = 137;
    private const int Versions = 150, Kept = 3, Expired = 10;

    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);

    // T1 is passed behind each step; the others are within one.
    [Theory]
    [InlineData("T1:1")]
    [InlineData("T1:2")]
    [InlineData("T1:3")]
    [InlineData("T1:4")]
    [InlineData("T1:6")]
    [InlineData("K1:1")]
    [InlineData("K2:1")]
    [InlineData("K3:1")]
    [InlineData("K4:1")]
    [InlineData("K5:1")]
    [InlineData("F4:1")]
    [InlineData("F6:2")]
    [InlineData("E1:1")]
    [InlineData("E2:1")]
    [InlineData("E4:2")]
    [InlineData("E5:1")]
    [InlineData("M1:1")]
    [InlineData("M2:1")]
    public async Task Killed_anywhere_it_goes_on_where_it_was(string step)
    {
        using var folder = new TemporaryFolder(isMemory: true);
        List<Cid> left = Fill(folder.Store);
        using (Process victim = Worker.Start(step, "maintain", folder.Store)) await Ended(victim, Killed);
        using CidStore store = RegistryWorker.Open(folder.Store);
        Assert.Null(store.Maintenance.GetMaintainer());
        Assert.All(store.Maintenance.RunOnce(), done => Assert.Null(done.Failure));
        Assert.Equal(left.Order(),
            store.Query().Where(entry => entry.Kind is BlockKind.Raw or BlockKind.Node).Select(entry => entry.Cid).Order());
        Assert.Equal(Versions, store.Names.GetHistory("n").Count);
        // Nobody is told twice why a block went, and nobody goes without a word.
        IReadOnlyList<RemovalEntry> log = store.Retention.GetRemovals();
        Assert.Equal(Versions - Kept, log.Count(entry => entry is { Reason: RemovalReason.Forgotten, Rule: "three" }));
        Assert.Equal(Expired, log.Count(entry => entry.Reason == RemovalReason.Expired));
        Assert.Equal(Versions - Kept + Expired, log.Count);
        Assert.Empty(store.Maintenance.RunOnce());
        Assert.Empty(store.Diagnostics.CheckFacts());
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.Null(result.Error));
        _ = store.Maintenance.Reap();
        Assert.Empty(store.Maintenance.Reap(dryRun: true));
        Assert.DoesNotContain(store.Blocks.Examination.CheckLog(),
            finding => finding.Severity == FindingSeverity.Error);
    }

    [Fact]
    public async Task Of_two_processes_one_maintains_a_store_and_when_it_is_killed_the_other_does()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        using CidStore store = RegistryWorker.Open(folder.Store);
        List<Process> workers =
            [Worker.Start(null, "look-after", folder.Store), Worker.Start(null, "look-after", folder.Store)];
        foreach (Process worker in workers) Assert.Equal("open", await worker.StandardOutput.ReadLineAsync());
        Expire(store, 1);
        await Until(() => store.Metadata.Get(CidOf(1)) is not { IsPresent: true });
        int first = store.Maintenance.GetMaintainer()!.Value;
        Assert.Contains(first, workers.Select(worker => worker.Id));
        var busy = Assert.Throws<ArrowCidException>(() => store.Maintenance.RunOnce());
        Assert.Equal(ErrorCode.Busy, busy.Code);
        Assert.Contains($"process {first} ", busy.Message, StringComparison.Ordinal);
        Process victim = workers.Single(worker => worker.Id == first);
        victim.Kill();
        await victim.WaitForExitAsync();
        Expire(store, 2);
        await Until(() => store.Metadata.Get(CidOf(2)) is not { IsPresent: true });
        Process other = workers.Single(worker => worker.Id != first);
        Assert.Equal(other.Id, store.Maintenance.GetMaintainer());
        Assert.EndsWith($" {other.Id}", store.Retention.GetRemovals()[0].By, StringComparison.Ordinal);
        other.StandardInput.Close();
        await Ended(other, 0);
        Assert.Null(store.Maintenance.GetMaintainer());
        workers.ForEach(worker => worker.Dispose());
    }

    /// <summary>Something for each task to do.</summary>
    /// <returns>The raw blocks that stay.</returns>
    private static List<Cid> Fill(string directory)
    {
        using CidStore store = RegistryWorker.Open(directory);
        for (int number = 0; number < Versions; number++) _ = store.Names.Set("n", store.PutRaw(Bytes(number)).Cid);
        for (int number = 0; number < Expired; number++) Expire(store, 1000 + number);
        Cid said = store.PutRaw(Bytes(2000)).Cid;
        // Each replaces the one before, over several segments of facts.
        for (int number = 0; number < 80; number++) KeepWorker.SayLarge(store, said, number);
        store.Maintenance.SetPolicy(new MaintenancePolicy
        {
            Forget = [new ForgetRule
            {
                Id = "three",
                Policy = new ForgetPolicy { KeepLast = Kept },
                Names = ["n"],
            }],
        });
        Cid policy = store.Names.Resolve(MaintenancePolicy.Name)!.Value;
        // So many records are worth a checkpoint, which nobody made who asked.
        Cid absent = CidOf(10_000);
        for (int number = 0; number < 5000; number++) store.Metadata.Tag(absent, "n", $"{number}");
        return
        [
            said, policy,
            .. Enumerable.Range(Versions - Kept, Kept).Select(CidOf),
        ];
    }

    private static void Expire(CidStore store, int number) =>
        store.Metadata.SetExpiry(store.PutRaw(Bytes(number)).Cid, DateTimeOffset.UtcNow);

    private static Cid CidOf(int number) => Cid.FromSha256(Multicodec.Raw, Memory.Sha256.Hash(Bytes(number)));

    // The numbers that are one block to the other workers are left out.
    private static byte[] Bytes(int number) => KeepWorker.Bytes(3 * number);

    private static async Task Until(Func<bool> holds)
    {
        long started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < s_deadline, "it did not come about");
            await Task.Yield();
        }
    }

    private static async Task Ended(Process process, int code)
    {
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == code,
            string.Create(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}, not {code}: {errors}"));
    }
}
