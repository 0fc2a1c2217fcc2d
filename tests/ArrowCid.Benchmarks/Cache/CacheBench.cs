using System.Globalization;

namespace ArrowCid.Benchmarks;

/// <summary>The policies of a cache against others, over the same reads: how many hits there are, and how long readers
/// wait for fetches. Nothing is timed, so that the figures are the same in each run.</summary>
internal static class CacheBench
{
    // At most 0.95 of the time that ARC waits.
    private const double WaitGoal = 1 / 0.95;

    private static readonly int[] s_sizes = [2, 10];

    /// <summary>Replays the five patterns, or one recorded trace, with caches of 2 and 10 % of the blocks.</summary>
    /// <param name="isQuick">Whether the patterns are a tenth as long.</param>
    /// <param name="trace">A file of <c>place trace</c>; null for the patterns.</param>
    public static IEnumerable<Measurement> Run(bool isQuick, string? trace)
    {
        IReadOnlyList<CacheWorkload> workloads = trace is null ? CacheWorkload.All(isQuick) : [CacheTrace.Read(trace)];
        foreach (CacheWorkload workload in workloads)
        {
            foreach (int percent in s_sizes)
            {
                long capacity = workload.BlockBytes * percent / 100;
                CacheReplay ours = CacheReplay.Of(workload.Reads, CachePolicy.Create(default, capacity)),
                    arc = CacheReplay.Of(workload.Reads, new ArcPolicy(capacity, withCost: false)),
                    costly = CacheReplay.Of(workload.Reads, CachePolicy.Create(CachePolicyKind.Arc, capacity)),
                    lru = CacheReplay.Of(workload.Reads, new LruPolicy(capacity)),
                    tiny = CacheReplay.OfTinyLfu(workload.Reads, capacity);
                yield return new Measurement($"hits, {workload.Name}, {percent} %", ours.HitPercent, arc.HitPercent, "%",
                    "ARC by bytes", 1)
                {
                    Note = Others(costly.HitPercent, lru.HitPercent, tiny.HitPercent),
                };
                yield return new Measurement($"waited, {workload.Name}, {percent} %", ours.HoursWaited, arc.HoursWaited,
                    "hours", "ARC by bytes", WaitGoal)
                {
                    IsLessBetter = true,
                    Note = Others(costly.HoursWaited, lru.HoursWaited, tiny.HoursWaited),
                };
                if (workload.Scans.Count == 0) continue;
                CacheReplay passed = CacheReplay.Of(workload.Reads, CachePolicy.Create(default, capacity), workload.Scans);
                yield return new Measurement($"hits, {workload.Name} that passes, {percent} %", passed.HitPercent,
                    ours.HitPercent, "%", "the scan kept", null);
                yield return new Measurement($"waited, {workload.Name} that passes, {percent} %", passed.HoursWaited,
                    ours.HoursWaited, "hours", "the scan kept", null)
                {
                    IsLessBetter = true,
                };
            }
        }
    }

    private static string Others(double costly, double lru, double tiny) => string.Create(CultureInfo.InvariantCulture,
        $"ARC with cost {costly:F2}, LRU {lru:F2}, W-TinyLFU (BitFaster, by entries) {tiny:F2}");
}
