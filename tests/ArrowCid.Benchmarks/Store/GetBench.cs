using ArrowCid.Cli;

namespace ArrowCid.Benchmarks;

/// <summary>Getting a batch that was got before: what it takes, and that its size does not matter.</summary>
internal static class GetBench
{
    private const int Columns = 10;
    private const int Each = 16;
    private const int Compared = 1 << 20;
    private static readonly byte[] s_key = new byte[32];

    public static IEnumerable<Measurement> Run(StoreBenchRun run)
    {
        int[] sizes = Sizes(run.IsQuick, run.Memory, out string? lack);
        using BenchStore bench = run.Open("get", (sizes[^1] * 2L) + (1L << 30));
        Cid[] cids = Array.ConvertAll(sizes, size => bench.Store.Put(new NumberedBatch(size, Columns).Next()).Cid);
        GC.Collect();
        using var copy = new UnixCopy(run.Memory.PathOf("get.sock"));
        RedisCompetitor? redis = run.Redis;
        redis?.Set(s_key, new byte[Compared]);
        DatabasesCompetitor? databases = run.Databases;
        _ = databases?.LmdbPut(Compared, 1);
        int groups = run.Pick(400, 40), few = run.Pick(100, 20);
        IEnumerable<Func<double>?> ours = cids.Select(Func<double> (cid) => () => Get(bench.Store, cid, groups));
        double?[] p50 = run.Rounds.AllInTurn(
        [
            redis is null ? null : () => Rounds.P50(few, 1, () => _ = redis.Get(s_key)),
            () => copy.Copy(Compared, few),
            databases is null ? null : () => databases.LmdbGet(Compared, groups * Each),
            .. ours,
        ]);
        redis?.Clear();
        double?[] gets = p50[3..];
        int middle = Array.IndexOf(sizes, Compared);
        for (int i = 0; i < sizes.Length; i++)
        {
            string name = $"get, {Columns} columns, {Size(sizes[i])}";
            yield return new Measurement(name, gets[i] * 1e6, null, "us", "", null, 1)
            {
                IsLessBetter = true,
                Note = "TryGet and Dispose, warm",
            };
        }

        yield return new Measurement("get, slowest by fastest size", gets.Max() / gets.Min(), null, "x", "", null, 2)
        {
            IsLessBetter = true,
            Note = lack ?? $"{Size(sizes[0])} to {Size(sizes[^1])}",
        };
        yield return Compare("Redis GET", p50[0], 200);
        yield return Compare("Unix socket copy", p50[1], null);
        yield return Compare("LMDB get in a transaction", p50[2], null);
        yield return Counted(run, groups);

        Measurement Compare(string competitor, double? theirs, double? goal) =>
            new($"get, 1 MiB, against {competitor}", gets[middle] * 1e6, theirs * 1e6, "us", competitor, goal)
            {
                IsLessBetter = true,
            };
    }

    /// <summary>The same get while the reads of all processes are counted (<c>heat.v1</c>).</summary>
    private static Measurement Counted(StoreBenchRun run, int groups)
    {
        using BenchStore plain = run.Open("plain", 1L << 30), counted = run.Open("counted", 1L << 30);
        Cid plainCid = plain.Store.Put(new NumberedBatch(Compared, Columns).Next()).Cid,
            countedCid = counted.Store.Put(new NumberedBatch(Compared, Columns).Next()).Cid;
        counted.Store.Places.Cache.RecordReads();
        (double ours, double without) = run.Rounds.InTurn(() => Get(counted.Store, countedCid, groups),
            () => Get(plain.Store, plainCid, groups));
        return new Measurement("get, 1 MiB, while reads are counted", ours * 1e6, without * 1e6, "us",
            "the same store without counting", 0.95)
        {
            IsLessBetter = true,
        };
    }

    /// <summary>The p50 of TryGet and Dispose of a batch of ten columns, in seconds.</summary>
    public static double Get(CidStore store, Cid cid, int groups) => Rounds.P50(groups, Each, () =>
    {
        for (int i = 0; i < Each; i++)
        {
            using BatchLease lease = store.TryGet(cid) ?? throw CommandError.NoBlock(cid.ToString(), store);
            if (lease.View.Columns.Count != Columns)
                throw new ArrowCidException(ErrorCode.Internal, $"{cid} has {lease.View.Columns.Count} columns");
        }
    });

    /// <summary>Up to 1 GiB, where that much memory can be spared.</summary>
    public static int[] Sizes(bool isQuick, BenchPlace memory, out string? lack)
    {
        const long needed = 4L << 30;
        lack = null;
        if (isQuick) return [1 << 10, Compared, 16 << 20];
        if (memory.FreeBytes >= needed && GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >= 2 * needed)
            return [1 << 10, Compared, 64 << 20, 1 << 30];
        lack = "1 KiB to 64 MiB: not 4 GiB of shared memory and 8 GiB of memory to spare for 1 GiB";
        return [1 << 10, Compared, 64 << 20];
    }

    /// <summary>A size of <see cref="Sizes"/> in words.</summary>
    public static string Size(int bytes) => bytes switch
    {
        >= 1 << 30 => $"{bytes >> 30} GiB",
        >= 1 << 20 => $"{bytes >> 20} MiB",
        _ => $"{bytes >> 10} KiB",
    };
}
