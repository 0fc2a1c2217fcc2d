using System.Diagnostics;
using System.Globalization;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.Registry;
using ArrowCid.Storage;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests;

/// <summary>Collections and compactions beside processes at work, and of processes that are killed.</summary>
public sealed class KeepProcessTests(ITestOutputHelper output)
{
    private const int Killed = 137;

    private static bool IsLong => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1";

    /// <summary>Eight processes, for 5 seconds or, among the long tests, 60.</summary>
    [Fact]
    public async Task Nothing_goes_that_a_reader_holds_a_pin_keeps_or_was_just_put()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        KeepWorker.Open(folder.Store).Dispose();
        int milliseconds = IsLong ? 60_000 : 5000;
        (List<string> done, List<string> others) = await Work("keep", folder.Store, milliseconds);
        List<int> pinned = [.. others.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
        using CidStore store = KeepWorker.Open(folder.Store);
        foreach (int number in pinned)
        {
            Cid cid = Cid.FromSha256(Multicodec.Raw, Memory.Sha256.Hash(KeepWorker.Bytes(number)));
            Assert.True(store.Metadata.Get(cid) is { IsPresent: true, IsPinned: true }, $"{number} is pinned and gone");
            Assert.True(store.Diagnostics.Verify(cid)!.Value.IsIntact);
        }

        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.Null(result.Error));
        Assert.Empty(store.Diagnostics.CheckFacts());
        // Everything went on.
        foreach (string what in new[] { "put", "leases", "collected", "forgets", "checkpoints" })
            Assert.Contains(done, line => !line.Contains($" 0 {what}", StringComparison.Ordinal));
        _ = store.Maintenance.Reap();
        Assert.Empty(store.Maintenance.Reap(dryRun: true));
        // The same collection twice is as good as once.
        var all = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
        _ = store.Retention.Collect(all);
        Assert.Empty(store.Retention.Collect(all).Collected);
        Assert.Equal(pinned.Count, store.Query().Count(entry => entry.IsPinned));
    }

    /// <summary>Eight processes in a ring, each of which fills it many times and holds some of what it finds.</summary>
    [Fact]
    public async Task A_ring_never_takes_what_a_reader_holds()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        KeepWorker.Open(folder.Store, isRing: true).Dispose();
        (List<string> done, _) = await Work("evict", folder.Store, IsLong ? 60_000 : 3000);
        using CidStore store = KeepWorker.Open(folder.Store, isRing: true);
        foreach (BlockInfo info in store.Blocks.Listing.List())
        {
            using RecordLease? lease = store.Blocks.Find(info.Digest);
            Assert.Equal(info.Digest, Memory.Sha256.Hash(lease!.Memory.Span));
        }

        Assert.All(done, line => Assert.DoesNotContain(" 0 leases", line, StringComparison.Ordinal));
        _ = store.Maintenance.Reap();
        Assert.Empty(store.Maintenance.Reap(dryRun: true));
    }

    /// <summary>Eight workers, until they are done; what they say of themselves goes to the test's output.</summary>
    /// <returns>Their first lines, and their other ones. One that says anything else found something wrong.</returns>
    private async Task<(List<string> Done, List<string> Others)> Work(string verb, string directory, int milliseconds)
    {
        const int Processes = 8;
        Process[] workers =
        [
            .. Enumerable.Range(1, Processes).Select(number =>
                Worker.Start(null, verb, directory, $"{number}", $"{milliseconds}")),
        ];
        List<string> done = [], others = [], wrong = [];
        foreach (Process worker in workers)
        {
            string[] lines = (await worker.StandardOutput.ReadToEndAsync()).Split('\n')[..^1];
            await Ended(worker, 0);
            worker.Dispose();
            int own = Array.FindIndex(lines, line => line.StartsWith("seed ", StringComparison.Ordinal));
            wrong.AddRange(own < 0 ? lines : lines[..own]);
            if (own < 0) continue;
            done.Add(lines[own]);
            others.AddRange(lines[(own + 1)..]);
            output.WriteLine(lines[own]);
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(Processes, done.Count);
        return (done, others);
    }

    [Theory]
    [InlineData("M1:1")]
    [InlineData("M1:3")]
    [InlineData("M2:1")]
    [InlineData("M2:2")]
    [InlineData("E1:1")]
    [InlineData("E2:1")]
    [InlineData("E4:1")]
    [InlineData("E5:1")]
    [InlineData("E2:3")]
    [InlineData("F4:1")]
    [InlineData("F6:1")]
    public async Task A_janitor_killed_while_it_compacts_facts_loses_none(string step)
    {
        using var folder = new TemporaryFolder();
        List<Cid> cids = [];
        string[] before;
        using (CidStore store = RegistryWorker.Open(folder.Store))
        {
            for (int number = 0; number < 12; number++)
            {
                cids.Add(store.Put(RegistryWorker.Batch(number), new PutOptions { Producer = $"p{number}" }).Cid);
                _ = store.Names.Set("n", cids[^1]);
                store.Metadata.Tag(cids[^1], "gone", "1");
            }

            for (int number = 0; number < 150; number++) KeepWorker.SayLarge(store,
                cids[number % (number < 60 ? 12 : 6)], number);
            foreach (Cid cid in cids) store.Metadata.Untag(cid, "gone");
            store.Retention.Pin(cids[3]);
            before = Facts(store, cids);
        }

        using (Process victim = Worker.Start(step, "compact", folder.Store)) await Ended(victim, Killed);
        using (CidStore reader = CidStore.Open(folder.Store, new CidStoreOptions { ReadOnly = true }))
            Assert.Equal(before, Facts(reader, cids));
        using (Process next = Worker.Start(null, "compact", folder.Store)) await Ended(next, 0);
        using (CidStore store = RegistryWorker.Open(folder.Store))
        {
            Assert.Equal(before, Facts(store, cids));
            Assert.Empty(store.Diagnostics.CheckFacts());
            _ = store.Maintenance.Reap();
            Assert.Empty(store.Maintenance.Reap(dryRun: true));
            Assert.True(store.Diagnostics.GetSegments().Count(segment => segment.Kind == StoreSegmentKind.Facts) <= 4);
            Assert.DoesNotContain(store.Blocks.Examination.CheckLog(),
                finding => finding.Severity == FindingSeverity.Error);
        }

        // And what is left is whole without table and index.
        _ = StoreMaintenance.Rebuild(folder.Store);
        using CidStore again = RegistryWorker.Open(folder.Store);
        Assert.Equal(before, Facts(again, cids));
    }

    private static string[] Facts(CidStore store, List<Cid> cids) =>
    [
        .. cids.Select(cid => store.Metadata.Get(cid)!).Select(entry =>
            $"{entry.Cid} {entry.Producer} {string.Join(' ', entry.Tags)} {entry.Json?.Length} {entry.IsPinned} " +
            $"{string.Join(' ', entry.Names)} {entry.IsPresent}"),
        .. store.Names.GetHistory("n").Select(change => $"{change}"),
    ];

    private static async Task Ended(Process process, int code)
    {
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}, not {code}: {errors}");
    }
}
