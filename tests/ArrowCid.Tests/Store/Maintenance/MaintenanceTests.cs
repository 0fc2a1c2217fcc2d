using System.Diagnostics;
using System.Globalization;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;
using Xunit.Abstractions;

namespace ArrowCid.Tests.Store;

/// <summary>Looking after a store: what goes by itself, in one process, in steps that give way.</summary>
public class MaintenanceTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private static int Seed => Environment.GetEnvironmentVariable("ARROWCID_SEED") is { } set
        ? int.Parse(set, CultureInfo.InvariantCulture)
        : Random.Shared.Next();

    [Fact]
    public void What_is_left_is_what_a_model_keeps()
    {
        int first = Seed;
        for (int seed = first; seed < first + 8; seed++)
        {
            output.WriteLine($"seed {seed}");
            new Modelled(seed).Run();
        }
    }

    [Fact]
    public void Times_are_those_of_the_clock_that_was_given()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock(new DateTimeOffset(2031, 5, 1, 0, 0, 0, TimeSpan.Zero));
        using CidStore store = Open(folder, clock);
        Assert.Equal(clock.GetUtcNow(), store.Diagnostics.GetSummary().Created);
        clock.Advance(TimeSpan.FromDays(1));
        Cid cid = store.Put(Stores.Numbers(1), new PutOptions { Expires = clock.GetUtcNow().AddDays(2), Name = "n" }).Cid;
        Assert.Equal(clock.GetUtcNow(), store.Metadata.Get(cid)!.Created);
        Assert.Equal(clock.GetUtcNow(), store.Names.GetHistory("n").Single().Time);
        Assert.Single(store.Query(Filter.Parse("rows = 1 and age < 1h")));
        clock.Advance(TimeSpan.FromDays(3));
        Assert.Empty(store.Query(Filter.Parse("age < 1h")));
        Assert.True(store.Names.Remove("n"));
        Assert.Equal(CollectReason.Expired, store.Retention.Collect().Collected[0].Reason);
        Assert.Equal(clock.GetUtcNow(), store.Retention.GetRemovals()[0].Time);
    }

    [Fact]
    public void A_dry_run_says_what_would_be_done_and_changes_no_byte()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = Open(folder, clock);
        for (int number = 0; number < 40; number++) Version(store, clock, number, "n", 50_000);
        store.Metadata.SetExpiry(store.PutRaw(Bytes(100)).Cid, clock.GetUtcNow());
        store.Maintenance.SetPolicy(new MaintenancePolicy
        {
            Unreferenced = true,
            Forget = [new ForgetRule { Id = "two", Policy = new ForgetPolicy { KeepLast = 2 }, Names = ["n"] }],
        });
        for (int number = 0; number < 5000; number++) store.Metadata.Tag(Cid.FromSha256(Multicodec.Raw, Sha256.Hash(Bytes(number))), "k", "v");
        clock.Advance(TimeSpan.FromDays(1));
        string[] before = Contents(folder);
        IReadOnlyList<MaintenanceStep> dry;
        using (CidStore reader = CidStore.Open(folder.Directory, new CidStoreOptions { ReadOnly = true, TimeProvider = clock }))
            dry = reader.Maintenance.RunOnce(dryRun: true);
        Assert.Equal(before, Contents(folder));
        Assert.All(dry, step => Assert.True(step.IsDryRun));
        Assert.Equal(MaintenanceTask.Checkpoint, dry[0].Task);
        Assert.InRange(dry[0].Count, 5000, 6000);
        Assert.True(store.Maintenance.Checkpoint());
        before = Contents(folder);
        Assert.Equal(dry.Skip(1).Select(step => step.Task), store.Maintenance.RunOnce(dryRun: true).Select(step => step.Task));
        Assert.Equal(before, Contents(folder));
        IReadOnlyList<MaintenanceStep> done = store.Maintenance.RunOnce();
        foreach (MaintenanceTask task in (MaintenanceTask[])[MaintenanceTask.Expire, MaintenanceTask.Forget])
            Assert.Equal(dry.Single(step => step.Task == task) with { IsDryRun = false, Took = default }, done.Single(step => step.Task == task) with { Took = default });
        Assert.True(done.Where(step => step.Task == MaintenanceTask.Compact).Sum(step => step.ByteLength) > 0);
        Assert.All(done, step => Assert.Null(step.Failure));
        Assert.Empty(store.Maintenance.RunOnce());
    }

    [Fact]
    public void What_was_removed_when_why_and_by_whom_is_known_afterwards_also_behind_a_compaction()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = Open(folder, clock);
        Cid expired = store.PutRaw(Bytes(1)).Cid, asked = store.PutRaw(Bytes(2)).Cid, unneeded = store.PutRaw(Bytes(3)).Cid;
        store.Metadata.SetExpiry(expired, clock.GetUtcNow().AddDays(1));
        Cid[] versions = [.. Enumerable.Range(10, 3).Select(number => Version(store, clock, number, "n", 20))];
        _ = store.Retention.Remove([asked]);
        store.Maintenance.SetPolicy(new MaintenancePolicy
        {
            Unreferenced = true,
            Forget = [new ForgetRule
            {
                Id = "last two",
                Policy = new ForgetPolicy { KeepLast = 2 },
                Names = ["n"],
            }],
        });
        clock.Advance(TimeSpan.FromDays(2));
        Cid other = Version(store, clock, 20, "n", 20);
        _ = store.Maintenance.RunOnce();
        IReadOnlyList<RemovalEntry> log = store.Retention.GetRemovals();
        Dictionary<Cid, RemovalEntry> by = log.ToDictionary(entry => entry.Cid);
        Assert.Equal((RemovalReason.Asked, "", 20L), (by[asked].Reason, by[asked].Rule, by[asked].ByteLength));
        Assert.Equal(RemovalReason.Expired, by[expired].Reason);
        Assert.Equal(RemovalReason.Unneeded, by[unneeded].Reason);
        Assert.Equal((RemovalReason.Forgotten, "last two"), (by[versions[0]].Reason, by[versions[0]].Rule));
        Assert.DoesNotContain(other, by.Keys);
        Assert.Equal(log.Select(entry => entry.Time).OrderDescending(), log.Select(entry => entry.Time));
        Assert.All(log, entry => Assert.EndsWith($" {Environment.ProcessId}", entry.By, StringComparison.Ordinal));

        // What was said since fills segments of facts, and goes; what is logged stays, and nothing of it counts twice.
        for (int number = 0; number < 200; number++)
            store.Metadata.Set(other, new BlockMetadata { Json = $"\"{number} {new string('x', 30_000)}\"" });
        Assert.Contains(store.Maintenance.Compact(0.9).Segments, segment => segment is { Kind: StoreSegmentKind.Facts, Outcome: CompactOutcome.Freed });
        Assert.Equal(log, store.Retention.GetRemovals());
        Assert.Empty(store.Diagnostics.CheckFacts());
        clock.Advance(TimeSpan.FromDays(31));
        for (int number = 0; number < 200; number++)
            store.Metadata.Set(other, new BlockMetadata { Json = $"\"{number} {new string('y', 30_000)}\"" });
        _ = store.Maintenance.Compact(0.9);
        Assert.Empty(store.Retention.GetRemovals());
    }

    [Fact]
    public void The_log_of_removals_is_bounded_by_compaction()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = Open(folder, clock);
        Cid kept = store.PutRaw(Bytes(0)).Cid;
        const int Removed = 7000;
        for (int from = 0; from < Removed; from += 1000)
        {
            _ = store.Retention.Remove([.. Enumerable.Range(from, 1000).Select(number => store.PutRaw(Bytes(number + 1)).Cid)]);
            clock.Advance(s_minute);
        }

        IReadOnlyList<RemovalEntry> all = store.Retention.GetRemovals();
        Assert.Equal(Removed, all.Count);
        for (int number = 0; number < 200; number++)
            store.Metadata.Set(kept, new BlockMetadata { Json = $"\"{number} {new string('x', 30_000)}\"" });
        _ = store.Maintenance.Compact(0.9);
        IReadOnlyList<RemovalEntry> left = store.Retention.GetRemovals();
        Assert.InRange(left.Count, 1000, Removed - 1000);
        Assert.Equal(all.Take(left.Count), left);
    }

    [Fact]
    public void One_handle_maintains_a_store_and_another_takes_over()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        List<string> done = [];
        using CidStore first = Maintained("first");
        using CidStore second = Maintained("second");
        using CidStore third = Open(folder, clock);
        Expire(third, clock, 1);
        Assert.Null(third.Maintenance.GetMaintainer());
        clock.Advance(2 * s_minute);
        Assert.Equal(["first expire"], done);
        Assert.Equal(Environment.ProcessId, third.Maintenance.GetMaintainer());
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => third.Maintenance.RunOnce()).Code);
        MaintenanceStatistics figures = first.Maintenance.GetStatistics().Single(each => each.Task == MaintenanceTask.Expire);
        Assert.Equal((1, 0, 1, 20), (figures.Steps, figures.Failures, figures.Count, figures.ByteLength));
        first.Dispose();
        Expire(third, clock, 2);
        clock.Advance(3 * s_minute);
        Assert.Equal(["first expire", "second expire"], done);
        second.Dispose();
        Expire(third, clock, 3);
        Assert.Equal(MaintenanceTask.Expire, third.Maintenance.RunOnce().Single().Task);
        clock.Advance(3 * s_minute);
        Assert.Equal(2, done.Count);

        CidStore Maintained(string name) => CidStore.Open(folder.Directory, Options(clock, new MaintenanceOptions
        {
            Interval = s_minute,
            Done = step => done.Add($"{name} {step.Task.ToString().ToLowerInvariant()}"),
        }));
    }

    [Fact]
    public void A_task_that_fails_is_tried_again_and_keeps_no_other_from_being_done()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = Open(folder, clock);
        Expire(store, clock, 1);
        store.Maintenance.SetPolicy(new MaintenancePolicy
        {
            Forget = [new ForgetRule
        {
            Id = "r",
            Policy = new ForgetPolicy { KeepLast = 1 },
            Names = ["nobody"],
        }]
        });
        Assert.Equal([MaintenanceTask.Expire], store.Maintenance.RunOnce().Select(step => step.Task));
        Cid none = store.PutRaw(DagCbor.Encode(IpldNode.Text("no policy")), Multicodec.DagCbor).Cid;
        _ = store.Names.Set(MaintenancePolicy.Name, none);
        Expire(store, clock, 2);
        IReadOnlyList<MaintenanceStep> steps = store.Maintenance.RunOnce();
        Assert.Equal([MaintenanceTask.Expire, MaintenanceTask.Forget, MaintenanceTask.Collect], steps.Select(step => step.Task));
        Assert.All(steps.Skip(1), step => Assert.Contains(none.ToString(), step.Failure!, StringComparison.Ordinal));
        Assert.Equal(1, store.Maintenance.GetStatistics().Single(each => each.Task == MaintenanceTask.Forget).Failures);
        store.Maintenance.SetPolicy(MaintenancePolicy.None);
        Assert.Empty(store.Maintenance.RunOnce());
    }

    [Fact]
    public void A_policy_is_read_as_it_was_said_and_half_a_policy_is_none()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Open(folder, new ManualClock());
        Assert.Same(MaintenancePolicy.None, store.Maintenance.GetPolicy());
        var policy = new MaintenancePolicy
        {
            Unreferenced = true,
            OlderThan = TimeSpan.FromDays(7),
            MaxBytes = 1L << 40,
            KeepHistory = true,
            Forget =
            [
                new ForgetRule
                {
                    Id = "a",
                    Policy = new ForgetPolicy { KeepLast = 1, KeepHourly = 2, KeepDaily = 3, KeepWeekly = 4, KeepMonthly = 5, KeepYearly = 6 },
                    Names = ["x", "y"],
                },
                new ForgetRule
                {
                    Id = "b",
                    Policy = new ForgetPolicy { KeepWithin = TimeSpan.FromHours(1) },
                    Where = Filter.Parse("tag.k = \"v\""),
                    GroupBy = ["producer", "tag.z"],
                },
            ],
        };
        store.Maintenance.SetPolicy(policy);
        store.Maintenance.SetPolicy(policy);
        Assert.Single(store.Names.GetHistory(MaintenancePolicy.Name));
        MaintenancePolicy read = store.Maintenance.GetPolicy();
        Assert.Equal(policy.Encode(), read.Encode());
        Assert.Equal(policy with { Forget = [] }, read with { Forget = [] }, (one, other) => one! with { Forget = other!.Forget } == other);
        ForgetRule keeping = policy.Forget[0];
        MaintenancePolicy[] wrong =
        [
            new() { MaxBytes = -1 }, new() { OlderThan = -s_minute }, new() { Forget = [keeping, keeping] },
            new() { Forget = [keeping with { Id = "" }] }, new() { Forget = [keeping with { Names = [] }] },
            new() { Forget = [keeping with { Where = Filter.Parse("rows > 1") }] }, new() { Forget = [new ForgetRule
            {
                Id = "e",
                Policy = new ForgetPolicy(),
                Names = ["x"],
            }] },
            new() { Forget = [policy.Forget[1] with { GroupBy = ["day"] }] },
        ];
        Assert.All(wrong, each => Assert.ThrowsAny<ArgumentException>(() => store.Maintenance.SetPolicy(each)));
        Assert.Equal(policy.Encode(), store.Maintenance.GetPolicy().Encode());
        Assert.ThrowsAny<ArgumentException>(() => CidStore.Open(folder.Directory, Options(new ManualClock(), new MaintenanceOptions { Share = 0 })));
    }

    [Fact]
    public void Options_that_say_no_time_and_no_share_are_refused_in_words()
    {
        using var folder = new TemporaryStore();
        foreach (TimeSpan interval in (TimeSpan[])[TimeSpan.Zero, -s_minute])
            Assert.Equal("Rounds begin some time apart.", Refused(new MaintenanceOptions { Interval = interval }));
        foreach (double share in (double[])[0, -0.5, 1.01, double.NaN])
            Assert.Equal("A share of time is above 0 and at most 1.", Refused(new MaintenanceOptions { Share = share }));
        Assert.False(Directory.Exists(Path.Combine(folder.Directory, "ctl.v1")));
        using CidStore whole = CidStore.Open(folder.Directory, Options(new ManualClock(), new MaintenanceOptions { Share = 1 }));

        string Refused(MaintenanceOptions options) => Assert.Throws<ArgumentException>(() =>
            CidStore.Open(folder.Directory, Options(new ManualClock(), options))).Message;
    }

    [Fact]
    public void What_expired_goes_in_steps_that_are_bounded()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = Open(folder, clock);
        const int Expired = 10_000;
        DateTimeOffset end = clock.GetUtcNow().AddDays(1);
        for (int number = 0; number < Expired; number++) store.Metadata.SetExpiry(store.PutRaw(Bytes(number)).Cid, end);
        clock.Advance(TimeSpan.FromDays(2));
        MaintenanceStep[] steps = [.. store.Maintenance.RunOnce().Where(step => step.Task == MaintenanceTask.Expire)];
        Assert.Equal(Expired, steps.Sum(step => step.Count));
        Assert.All(steps, step => Assert.InRange(step.Count, 1, CollectionSteps.ByDefault.Dropped));
        Assert.DoesNotContain(store.Query(), entry => entry.IsPresent);
    }

    [Fact]
    public void A_ring_looks_after_itself()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            Retention = RetentionMode.Ring,
            Maintenance = new MaintenanceOptions(),
        });
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => store.Maintenance.RunOnce()).Code);
        Assert.Null(store.Maintenance.GetMaintainer());
    }

    [Theory]
    [InlineData(0.1, 0, 0.1, 0.5)]
    [InlineData(0.1, 100, 0.1, 0.25)]
    [InlineData(0.1, 1_000_000, 0.1, 0.1)]
    [InlineData(0.1, 1_000_000, 0.8, 0.1)]
    [InlineData(0.1, 1_000_000, 0.9, 0.5)]
    [InlineData(0.1, 1_000_000, 1, 0.9)]
    [InlineData(0.1, 0, 1.2, 0.9)]
    [InlineData(1, 1_000_000, 0, 1)]
    [InlineData(0.7, 1_000_000, 0, 0.7)]
    public void Steps_give_way_to_who_puts_and_not_to_a_store_that_fills(double least, double rate, double fill, double share)
    {
        Assert.Equal(share, MaintenancePace.Share(least, rate, fill), 3);
        TimeSpan pause = MaintenancePace.PauseAfter(TimeSpan.FromSeconds(1), share);
        Assert.Equal(share, 1 / (1 + pause.TotalSeconds), 3);
    }

    [Fact]
    public void Pauses_are_bounded_and_rounds_of_a_full_store_follow_each_other_soon()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), MaintenancePace.PauseAfter(TimeSpan.FromHours(1), 0.1));
        Assert.Equal(s_minute, MaintenancePace.PauseOfRounds(s_minute, 0.8));
        Assert.Equal(6, MaintenancePace.PauseOfRounds(s_minute, 1).TotalSeconds, 3);
    }

    [Fact]
    public void The_runs_that_a_merge_makes_one_are_bounded_in_blocks()
    {
        using var folder = new TemporaryStore();
        var clock = new ManualClock();
        using CidStore store = Open(folder, clock);
        for (int run = 0; run < 10; run++)
        {
            for (int number = 0; number < 100; number++)
                store.Metadata.Tag(Cid.FromSha256(Multicodec.Raw, Sha256.Hash(Bytes((run * 100) + number))), "run", $"{run}");
            Assert.True(store.Maintenance.Checkpoint());
        }

        RunFile[] runs = [.. store.Registry.Reader.Index.Runs];
        Assert.Equal(10, runs.Length);
        Assert.All(runs, run => Assert.Equal(100, run.Blocks));
        Assert.Null(IndexDirectory.ToMerge(runs, 10));
        Assert.Equal(8, IndexDirectory.ToMerge(runs, 6)!.Count);
        Assert.Equal(3, IndexDirectory.ToMerge(runs, 6, mostBlocks: 300)!.Count);
        // What is larger than half of the bound is merged no more.
        Assert.Null(IndexDirectory.ToMerge(runs, 1, mostBlocks: 199));
        IReadOnlyList<MaintenanceStep> steps = store.Maintenance.RunOnce();
        Assert.Equal((MaintenanceTask.Merge, 800), (steps.Single().Task, steps.Single().Count));
        Assert.Equal(3, store.Registry.Reader.Index.Runs.Count);
        Assert.Equal(1000, store.Metadata.Count(Filter.Parse("has tag.run"), includeMissing: true).Count);
        Assert.Empty(store.Maintenance.RunOnce());
    }

    [Fact]
    public void Puts_are_acknowledged_while_the_store_is_maintained_and_none_is_lost()
    {
        double alone = Producing(96, maintained: false, out _), beside = Producing(96, maintained: true, out _);
        double tight = Producing(24, maintained: true, out IReadOnlyList<MaintenanceStatistics> figures);
        output.WriteLine($"{alone:0} puts a second alone, {beside:0} beside maintenance, {tight:0} into a store without room for half of them");
        foreach (MaintenanceStatistics each in figures) output.WriteLine(each.ToString());
        Assert.Contains(figures, each => each is { Task: MaintenanceTask.Forget, Count: > 0 });
        // A put that makes room for itself compacts too, maybe all; who comes second tries again in the next round.
        Assert.All(figures.Where(each => each.Task != MaintenanceTask.Compact), each => Assert.Equal(0, each.Failures));
    }

    /// <summary>Puts numbered blocks of 8 KB, each with a tag, of which a rule keeps the last fifty.</summary>
    private static double Producing(long mebibytes, bool maintained, out IReadOnlyList<MaintenanceStatistics> figures)
    {
        const int Puts = 3000, Kept = 50, Bytes = 8192;
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = mebibytes << 20,
            SegmentSize = 1 << 20,
            Timeout = TimeSpan.FromSeconds(60),
            Maintenance = maintained ? new MaintenanceOptions { Interval = TimeSpan.FromMilliseconds(20), Share = 0.5 } : null,
        });
        store.Maintenance.SetPolicy(new MaintenancePolicy
        {
            Forget = [new ForgetRule
            {
                Id = "last",
                Policy = new ForgetPolicy { KeepLast = Kept },
                Where = Filter.Parse("tag.k = \"v\""),
            }],
        });
        long started = Stopwatch.GetTimestamp();
        var last = new List<Cid>();
        for (int number = 0; number < Puts; number++)
        {
            double[] values = new double[Bytes / sizeof(double)];
            Array.Fill(values, number);
            last.Add(store.Put(Stores.Numbers(values), new PutOptions { Tags = new Dictionary<string, string?> { ["k"] = "v" } }).Cid);
        }

        double rate = Puts / Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (Cid cid in last[^Kept..])
        {
            using BatchLease? lease = store.TryGet(cid);
            Assert.NotNull(lease);
        }

        if (maintained)
        {
            // The producer may be done before a round is: it ends by itself.
            long deadline = Stopwatch.GetTimestamp();
            while (store.Query().Count(entry => entry.Tags.ContainsKey("k")) > Kept && Stopwatch.GetElapsedTime(deadline) < TimeSpan.FromMinutes(2))
                Thread.Yield();
            Assert.Equal(last[^Kept..].Order(), store.Query().Where(entry => entry.Tags.ContainsKey("k")).Select(entry => entry.Cid).Order());
        }

        figures = store.Maintenance.GetStatistics();
        Assert.Empty(store.Diagnostics.CheckFacts());
        return rate;
    }

    private static CidStoreOptions Options(TimeProvider clock, MaintenanceOptions? maintenance = null) => new()
    {
        Capacity = 32 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(20),
        TimeProvider = clock,
        Maintenance = maintenance,
    };

    private static CidStore Open(TemporaryStore folder, TimeProvider clock) => CidStore.Open(folder.Directory, Options(clock));

    private static byte[] Bytes(int number, int length = 20)
    {
        var bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private static Cid Version(CidStore store, ManualClock clock, int number, string name, int length)
    {
        Cid cid = store.PutRaw(Bytes(number, length)).Cid;
        _ = store.Names.Set(name, cid);
        clock.Advance(TimeSpan.FromSeconds(1));
        return cid;
    }

    private static void Expire(CidStore store, ManualClock clock, int number) =>
        store.Metadata.SetExpiry(store.PutRaw(Bytes(number)).Cid, clock.GetUtcNow());

    /// <summary>The files and their bytes, but for the page that watchers sleep on and the control file, in which are
    /// hints of what handles that are open just do.</summary>
    private static string[] Contents(TemporaryStore folder) =>
    [
        .. Directory.GetFiles(folder.Directory).Order(StringComparer.Ordinal)
            .Where(path => Path.GetFileName(path) is not (StoreLayout.WaitName or StoreLayout.ControlName))
            .Select(path => $"{Path.GetFileName(path)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Read(path)))}"),
    ];

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A store under random use by one clock, and what should be left of it.</summary>
    private sealed class Modelled(int seed)
    {
        private const int Universe = 60, Length = 100;
        private static readonly string[] s_names = ["a", "b"];

        private readonly Random _random = new(seed);
        private readonly ManualClock _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        private readonly Dictionary<Cid, Known> _known = [];
        private readonly Dictionary<string, List<(DateTimeOffset Time, Cid? Cid)>> _histories = [];
        private MaintenancePolicy _policy = MaintenancePolicy.None;

        public void Run()
        {
            using var folder = new TemporaryStore();
            CidStore store = Open(folder, _clock);
            for (int round = 0; round < 25; round++)
            {
                for (int step = _random.Next(15); step > 0; step--)
                {
                    _clock.Advance(TimeSpan.FromMinutes(_random.Next(1, 40)));
                    Step(store);
                }

                _clock.Advance(s_minute);
                if (_random.Next(3) == 0) SetPolicy(store);
                if (_random.Next(8) == 0)
                {
                    store.Dispose();
                    store = Open(folder, _clock);
                }

                _clock.Advance(TimeSpan.FromMinutes(_random.Next(1, 200)));
                _ = store.Maintenance.RunOnce();
                Maintain();
                Cid[] there = [.. store.Query().Select(entry => entry.Cid).Order()];
                Cid[] expected = [.. _known.Where(each => each.Value.IsHere).Select(each => each.Key).Order()];
                Assert.True(expected.SequenceEqual(there), $"seed {seed}, round {round}: {expected.Length} expected, {there.Length} there");
                Assert.Empty(store.Maintenance.RunOnce());
            }

            Assert.Empty(store.Diagnostics.CheckFacts());
            store.Dispose();
        }

        private void Step(CidStore store)
        {
            Cid cid = Cid.FromSha256(Multicodec.Raw, Sha256.Hash(Bytes(_random.Next(Universe), Length)));
            Known known = Of(cid);
            switch (_random.Next(8))
            {
                case 0 when known.IsHere:
                    store.Retention.Pin(cid);
                    (known.IsPinned, known.LastPut) = (true, _clock.GetUtcNow());
                    break;
                case 1:
                    _ = store.Retention.Unpin(cid);
                    known.IsPinned = false;
                    break;
                case 2 or 3 when known.IsHere:
                    string name = s_names[_random.Next(s_names.Length)];
                    _ = store.Names.Set(name, cid);
                    Name(name, cid);
                    break;
                case 4:
                    known.Expires = _clock.GetUtcNow().AddMinutes(_random.Next(-1, 500));
                    store.Metadata.SetExpiry(cid, known.Expires.Value);
                    break;
                default:
                    int number = _random.Next(Universe);
                    Put(store.PutRaw(Bytes(number, Length)).Cid);
                    break;
            }
        }

        private void SetPolicy(CidStore store)
        {
            _policy = new MaintenancePolicy
            {
                Unreferenced = _random.Next(3) == 0,
                OlderThan = _random.Next(2) == 0 ? TimeSpan.FromMinutes(_random.Next(1, 300)) : null,
                MaxBytes = _random.Next(2) == 0 ? _random.Next(30 * Length) : null,
                Forget = _random.Next(2) == 0
                    ? []
                    : [new ForgetRule
                    {
                        Id = "r",
                        Policy = new ForgetPolicy { KeepLast = _random.Next(1, 4) },
                        Names = s_names,
                    }],
            };
            Cid? before = store.Names.Resolve(MaintenancePolicy.Name);
            store.Maintenance.SetPolicy(_policy);
            Cid cid = store.Names.Resolve(MaintenancePolicy.Name)!.Value;
            Put(cid);
            Of(cid).Bytes = _policy.Encode().Length;
            if (before != cid) Name(MaintenancePolicy.Name, cid);
        }

        private void Put(Cid cid)
        {
            Known known = Of(cid);
            (known.IsHere, known.LastPut) = (true, _clock.GetUtcNow());
        }

        private void Name(string name, Cid cid)
        {
            if (!_histories.TryGetValue(name, out List<(DateTimeOffset, Cid?)>? history)) _histories[name] = history = [];
            history.Add((_clock.GetUtcNow(), cid));
            Of(cid).LastPut = _clock.GetUtcNow();
        }

        private Known Of(Cid cid)
        {
            if (!_known.TryGetValue(cid, out Known? known)) _known[cid] = known = new Known();
            return known;
        }

        private bool IsKept(Cid cid, Known known) => known.IsPinned || _histories.Values.Any(history => history[^1].Cid == cid);

        private void Maintain()
        {
            DateTimeOffset now = _clock.GetUtcNow();
            foreach ((Cid cid, Known known) in _known)
            {
                if (known.Expiry <= now && !IsKept(cid, known)) known.IsHere = false;
            }

            if (_policy.Forget.Count > 0) Forget();
            if (!_policy.Unreferenced && _policy.MaxBytes is null) return;
            TimeSpan age = _policy.OlderThan ?? TimeSpan.FromHours(1);
            long bytes = _known.Values.Where(known => known.IsHere).Sum(known => known.Bytes);
            foreach ((Cid cid, Known known) in _known.OrderBy(each => each.Value.LastPut))
            {
                bool stays = !known.IsHere || IsKept(cid, known) || known.Expiry > now || known.LastPut > now - age;
                if (stays || bytes <= _policy.MaxBytes) continue;
                known.IsHere = false;
                bytes -= known.Bytes;
            }
        }

        private void Forget()
        {
            int most = _policy.Forget[0].Policy.KeepLast;
            var going = new HashSet<Cid>();
            var staying = new HashSet<Cid>();
            foreach (string name in s_names)
            {
                if (!_histories.TryGetValue(name, out List<(DateTimeOffset Time, Cid? Cid)>? history)) continue;
                Cid[] versions = [.. history.AsEnumerable().Reverse().Select(change => change.Cid!.Value).Distinct().Where(cid => Of(cid).IsHere)];
                staying.UnionWith(versions.Take(most));
                going.UnionWith(versions.Skip(most));
            }

            foreach (Cid cid in going.Where(cid => !staying.Contains(cid) && !IsKept(cid, Of(cid)))) Of(cid).IsHere = false;
        }

        private sealed class Known
        {
            public bool IsHere { get; set; }

            public bool IsPinned { get; set; }

            public DateTimeOffset LastPut { get; set; }

            public DateTimeOffset? Expires { get; set; }

            public long Bytes { get; set; } = Length;

            /// <summary>What was put again since does not expire by it.</summary>
            public DateTimeOffset? Expiry => LastPut <= Expires ? Expires : null;
        }
    }
}
