using System.Globalization;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Forgetting old versions.</summary>
public class ForgetTests
{
    [Fact]
    public void Each_rule_keeps_the_last_version_of_each_of_its_times()
    {
        DateTimeOffset[] times =
        [
            .. new[]
            {
                "2026-11-22T15:40", "2026-11-22T15:10", "2026-11-22T09:00", "2026-11-21T23:00", "2026-11-16T01:00",
                "2026-11-15T01:00", "2026-10-31T12:00", "2026-01-01T00:00", "2025-12-31T00:00", "2024-07-01T00:00",
            }.Select(text => DateTimeOffset.Parse(text + "Z", CultureInfo.InvariantCulture)),
        ];
        var policy = new ForgetPolicy
        {
            KeepLast = 1,
            KeepHourly = 2,
            KeepDaily = 3,
            KeepWeekly = 2,
            KeepMonthly = 3,
            KeepYearly = 9,
            KeepWithin = TimeSpan.FromHours(1),
        };
        string[] kept = [.. policy.Evaluate(times).Select(rules => string.Join(", ", rules))];
        Assert.Equal(
        [
            "last, hourly 2026-11-22T15, daily 2026-11-22, weekly 2026-W47, monthly 2026-11, yearly 2026, within",
            "within", "hourly 2026-11-22T09", "daily 2026-11-21", "daily 2026-11-16", "weekly 2026-W46", "monthly 2026-10",
            "monthly 2026-01", "yearly 2025", "yearly 2024",
        ], kept);
        // Where there are fewer than it keeps, the oldest stands for the rest.
        Assert.Equal([["daily 2026-11-22"], ["daily 2026-11-22"]], new ForgetPolicy { KeepDaily = 9 }.Evaluate(times[..2]));
        Assert.True(new ForgetPolicy().IsEmpty);
        Assert.Throws<ArgumentException>(() => policy.Evaluate([times[1], times[0]]));
    }

    /// <summary>The rule in other words: a version is kept where it is the last of its time and fewer than so many times
    /// come after, or where it is the oldest of fewer.</summary>
    [Fact]
    public void Rules_keep_what_a_slow_model_keeps()
    {
        int seed = Environment.GetEnvironmentVariable("ARROWCID_SEED") is { } set ? int.Parse(set, CultureInfo.InvariantCulture) : Random.Shared.Next();
        var random = new Random(seed);
        for (int round = 0; round < 300; round++)
        {
            DateTimeOffset now = DateTimeOffset.UnixEpoch.AddDays(20_000 + random.Next(1000));
            DateTimeOffset[] times = [.. Enumerable.Range(0, random.Next(1, 40))
                .Select(_ => now.AddMinutes(-random.Next(1, 100_000))).OrderDescending()];
            int count = random.Next(1, 12);
            bool[] kept = [.. new ForgetPolicy { KeepDaily = count }.Evaluate(times).Select(rules => rules.Count > 0)];
            bool[] firsts = [.. times.Select((time, i) => i == 0 || times[i - 1].UtcDateTime.Date != time.UtcDateTime.Date)];
            for (int i = 0; i < times.Length; i++)
            {
                int days = firsts[..i].Count(first => first);
                bool expected = days < count && (firsts[i] || i == times.Length - 1);
                Assert.True(expected == kept[i], $"seed {seed}, round {round}: {i} of {times.Length}, {count} days");
            }
        }
    }

    [Fact]
    public void Of_what_a_name_stood_for_the_last_versions_stay_and_its_history_too()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 6).Select(number => store.Put(Stores.Numbers(number), new PutOptions { Name = "n" }).Cid)];
        store.Retention.Pin(cids[1]);
        // A version that came back is as old as its last time.
        _ = store.Names.Set("n", cids[0]);
        var policy = new ForgetPolicy { KeepLast = 2 };
        ForgetResult dry = store.Retention.Forget(["n"], policy, dryRun: true);
        Assert.Equal([cids[0], cids[5], cids[4], cids[3], cids[2], cids[1]], dry.Versions.Select(version => version.Cid));
        Assert.Equal([true, true, false, false, false, false], dry.Versions.Select(version => version.KeptBy.Count > 0));
        Assert.Equal([KeepKind.Pinned], dry.Versions[5].Reasons.Select(reason => reason.Kind));
        Assert.Equal(6, store.Query().Count(entry => entry.Kind == BlockKind.Batch));
        ForgetResult done = store.Retention.Forget(["n"], policy);
        Assert.Equal([cids[4], cids[3], cids[2]], done.Versions.Where(version => version.IsForgotten).Select(version => version.Cid));
        Assert.Equal(7, store.Names.GetHistory("n").Count);
        Assert.Equal([cids[0], cids[5], cids[1]], store.Retention.Forget(["n"], policy).Versions.Select(version => version.Cid));
        Assert.Equal(ErrorCode.NameNotFound, Assert.Throws<ArrowCidException>(() => store.Retention.Forget(["m"], policy)).Code);
        Assert.Throws<ArgumentException>(() => store.Retention.Forget(["n"], new ForgetPolicy()));
    }

    [Fact]
    public void Batches_are_versions_of_what_they_are_grouped_by()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, 6).Select(number => store.Put(Stores.Numbers(number), new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["sym"] = number % 2 == 0 ? "A" : "B" },
            Producer = number == 5 ? "q" : "p",
        }).Cid)];
        var policy = new ForgetPolicy { KeepLast = 1 };
        ForgetResult result = store.Retention.Forget(Filter.Parse("rows > 0"), ["tag.sym", "producer"], policy);
        Assert.Equal(["tag.sym=A  producer=p", "tag.sym=B  producer=p", "tag.sym=B  producer=q"],
            result.Versions.Select(version => version.Group).Distinct());
        Assert.Equal([cids[0], cids[1], cids[2]], cids.Where(cid => result.Versions.Any(version => version.Cid == cid && version.IsForgotten)));
        Assert.Equal(new[] { cids[3], cids[4], cids[5] }.ToHashSet(), store.List().Select(block => block.Cid).ToHashSet());
        Assert.Throws<ArgumentException>(() => store.Retention.Forget(Filter.Parse("rows > 0"), ["rows"], policy));
    }
}
