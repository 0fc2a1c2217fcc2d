using System.Diagnostics;
using System.Globalization;
using ArrowCid.Registry;

namespace ArrowCid.ProcessTests;

/// <summary>Names and facts of several processes, some of which are killed.</summary>
public sealed class RegistryProcessTests
{
    private const int Killed = 137;

    [Fact]
    public async Task Swaps_of_one_name_by_eight_processes_lose_nothing()
    {
        const int Processes = 8, Each = 25;
        using var directory = new StoreDirectory();
        Process[] workers = [.. Enumerable.Range(0, Processes).Select(_ =>
            Worker.Start(null, "count", directory.Path, $"{Each}"))];
        string[] outputs = await Task.WhenAll(workers.Select(worker => worker.StandardOutput.ReadToEndAsync()));
        foreach (Process worker in workers) await Ended(worker, 0);
        int[] acknowledged = [.. outputs.SelectMany(Numbers)];
        Assert.Equal(Enumerable.Range(0, Processes * Each), acknowledged.Order());
        using CidStore store = RegistryWorker.Open(directory.Path);
        CheckHistory(store, Processes * Each);
    }

    // The step, its pass, and the passes behind the opening of the store and the first batch's schema.
    [Theory]
    [InlineData("P3")]
    [InlineData("P4")]
    [InlineData("P5")]
    [InlineData("P6")]
    [InlineData("P7")]
    [InlineData("A2")]
    [InlineData("A3")]
    [InlineData("A4")]
    public async Task A_counter_is_right_wherever_one_of_its_processes_is_killed(string step)
    {
        using var directory = new StoreDirectory();
        using CidStore store = RegistryWorker.Open(directory.Path);
        List<int> acknowledged = [];
        for (int pass = 1; pass <= Passes(3, 12); pass++)
        {
            using Process victim = Worker.Start($"{step}:{pass}", "count", directory.Path, "4");
            using Process other = Worker.Start(null, "count", directory.Path, "4");
            string[] outputs = await Task.WhenAll(victim.StandardOutput.ReadToEndAsync(), other.StandardOutput.ReadToEndAsync());
            await victim.WaitForExitAsync();
            await Ended(other, 0);
            acknowledged.AddRange(outputs.SelectMany(Numbers));
            int now = RegistryWorker.NumberOf(store, store.Names.Resolve(RegistryWorker.Counter)!.Value);
            CheckHistory(store, now + 1);
            // Who was killed between commit and word may have raised it without saying so, once.
            Assert.Equal(acknowledged.Distinct().Count(), acknowledged.Count);
            Assert.True(now + 1 - acknowledged.Count <= pass, $"{step}:{pass}: {now + 1} raised, {acknowledged.Count} said");
            Assert.All(acknowledged, number => Assert.InRange(number, 0, now));
        }
    }

    // Behind fourteen runs the smallest are made one, so that a pass beyond them dies in a merge.
    [Theory]
    [InlineData("K1")]
    [InlineData("K2")]
    [InlineData("K3")]
    [InlineData("K4")]
    [InlineData("K5")]
    public async Task A_checkpoint_killed_anywhere_loses_nothing_and_leaves_nothing(string step)
    {
        const int Times = 16;
        using var directory = new StoreDirectory();
        var tagged = new List<int>();
        int kills = 0, from = 0;
        foreach (int pass in (int[])[1, 2, 14, 15])
        {
            using Process victim = Worker.Start($"{step}:{pass}", "checkpoint", directory.Path, $"{from}", $"{Times}");
            tagged.AddRange(Numbers(await victim.StandardOutput.ReadToEndAsync()));
            await victim.WaitForExitAsync();
            kills += victim.ExitCode == Killed ? 1 : 0;
            from += Times;
            using CidStore store = RegistryWorker.Open(directory.Path);
            IEnumerable<Cid> found = store.Query(Filter.Parse("has tag.number"), includeMissing: true).Select(entry => entry.Cid);
            Assert.Equal(tagged.Select(RegistryWorker.CidOf).Order(), found.Order());
            int last = tagged[^1];
            Assert.Equal(RegistryWorker.CidOf(last), Assert.Single(store.Query(Filter.Parse($"tag.number = \"{last}\""), includeMissing: true)).Cid);
            Assert.Empty(store.Diagnostics.CheckFacts());
            Assert.True(store.Maintenance.Checkpoint());
            string[] files = [.. Directory.GetFiles(directory.Path, "reg*").Select(path => Path.GetFileName(path)!)];
            Assert.DoesNotContain(files, file => file.Contains(".tmp-", StringComparison.Ordinal));
            Assert.InRange(files.Length, 2, 13);
        }

        Assert.Equal(4, kills);
    }

    [Theory]
    [InlineData("P1")]
    [InlineData("P3")]
    [InlineData("P4")]
    [InlineData("P5")]
    [InlineData("P6")]
    [InlineData("P7")]
    [InlineData("S1")]
    [InlineData("S3")]
    [InlineData("S5")]
    public async Task What_was_said_is_there_wherever_who_said_it_is_killed(string step)
    {
        using var directory = new StoreDirectory();
        List<string> acknowledged = [];
        int kills = 0;
        for (int pass = 1; pass <= Passes(5, 24); pass++)
        {
            using Process victim = Worker.Start($"{step}:{pass}", "say", directory.Path, $"{pass * 10}", "3");
            acknowledged.AddRange((await victim.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await victim.WaitForExitAsync();
            kills += victim.ExitCode == Killed ? 1 : 0;
            using CidStore store = RegistryWorker.Open(directory.Path);
            foreach (string line in acknowledged) CheckSaid(store, line, $"{step}:{pass}");
            Assert.Empty(store.Diagnostics.CheckFacts());
            // Nothing is left locked or half said: the same is said by this process.
            Cid cid = store.Put(RegistryWorker.Batch(pass * 10), new PutOptions { Pin = true, Name = $"name-{pass * 10}" }).Cid;
            Assert.Equal([KeepKind.Named, KeepKind.Pinned], store.Retention.GetReasons(cid).Select(reason => reason.Kind));
        }

        Assert.True(kills >= 1, $"{step} was never passed");
    }

    [Theory]
    [InlineData("P4")]
    [InlineData("P6")]
    [InlineData("P7")]
    public async Task A_removal_that_was_killed_is_whole_or_not_at_all_and_the_next_goes_on(string step)
    {
        using var directory = new StoreDirectory();
        using CidStore store = RegistryWorker.Open(directory.Path);
        for (int number = 0; number < 6; number++) _ = store.Put(RegistryWorker.Batch(number));
        List<int> gone = [];
        for (int pass = 1; pass <= 4; pass++)
        {
            using Process victim = Worker.Start($"{step}:{pass}", "remove", directory.Path, "6");
            gone.AddRange(Numbers(await victim.StandardOutput.ReadToEndAsync()));
            await victim.WaitForExitAsync();
            Assert.All(gone, number => Assert.False(store.Metadata.Get(RegistryWorker.CidOf(number))?.IsPresent ?? false, $"{step}:{pass}: {number}"));
            // A removal that was killed counts where its record is committed, though the sweep word may still be odd.
            for (int number = 0; number < 6; number++)
            {
                Cid each = RegistryWorker.CidOf(number);
                Assert.Equal(store.Metadata.Get(each)?.IsPresent ?? false, store.Contains(each));
            }

            // The sweep word may still be odd: a name takes all beneath along, and the next janitor tidies up.
            Cid cid = store.Put(RegistryWorker.Batch(5), new PutOptions { Name = "five" }).Cid;
            Assert.True(store.Metadata.Get(store.Metadata.Get(cid)!.SchemaCid!.Value)!.IsPresent);
            Assert.Equal([cid], store.Retention.Remove([cid]).Kept.Select(kept => kept.Cid));
            Assert.True(store.Names.Remove("five"));
        }
    }

    [Fact]
    public async Task A_hold_ends_with_its_process()
    {
        using var directory = new StoreDirectory();
        using CidStore store = RegistryWorker.Open(directory.Path);
        Cid cid = store.Put(RegistryWorker.Batch(1)).Cid;
        using Process holder = Worker.Start(null, "hold-block", directory.Path, "1");
        holder.StandardInput.AutoFlush = true;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync());
        Assert.True(store.Metadata.Get(cid)!.IsHeld);
        Assert.Equal([KeepKind.Held], store.Retention.Remove([cid]).Kept.Single().Reasons.Select(reason => reason.Kind));
        holder.Kill();
        await holder.WaitForExitAsync();
        Assert.False(store.Metadata.Get(cid)!.IsPinned);
        Assert.Equal([cid], store.Retention.Remove([cid]).Removed);
    }

    private static int Passes(int few, int many) =>
        Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? many : few;

    private static void CheckHistory(CidStore store, int count)
    {
        IReadOnlyList<NameChange> history = store.Names.GetHistory(RegistryWorker.Counter);
        Assert.Equal(Enumerable.Range(0, count), history.Select(change => RegistryWorker.NumberOf(store, change.Cid!.Value)));
        Assert.DoesNotContain(history, change => change.IsConflict);
    }

    private static void CheckSaid(CidStore store, string line, string where)
    {
        string[] words = line.Split(' ');
        int number = int.Parse(words[1], CultureInfo.InvariantCulture);
        StoredEntry? entry = store.Metadata.Get(RegistryWorker.CidOf(number));
        Assert.True(entry is { IsPresent: true, Producer: "worker" }, $"{where}: {line}");
        bool isThere = words[0] switch
        {
            "put" => entry!.Tags["number"] == words[1],
            "name" => entry!.Names.Contains($"name-{number}"),
            "tag" => entry!.Tags.GetValueOrDefault("later") == words[1],
            _ => entry!.IsPinned,
        };
        Assert.True(isThere, $"{where}: {line}");
    }

    private static IEnumerable<int> Numbers(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture));

    private static async Task Ended(Process process, int code)
    {
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == code, $"exit code {process.ExitCode}, not {code}: {errors}");
    }

    private sealed class StoreDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("arrowcid-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
