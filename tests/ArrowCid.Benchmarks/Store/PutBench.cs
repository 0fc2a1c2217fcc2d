using System.Security.Cryptography;

namespace ArrowCid.Benchmarks;

/// <summary>Putting: raw bytes, encoded batches, small and large.</summary>
internal static class PutBench
{
    private const int KiB = 1024;
    private const int Each = 16;
    private const long Capacity = 2L << 30;

    public static IEnumerable<Measurement> Raw(StoreBenchRun run)
    {
        using BenchStore bench = run.Open("put", Capacity);
        var blocks = new NumberedBlocks(KiB);
        RedisCompetitor? redis = run.Redis;
        DatabasesCompetitor? databases = run.Databases;
        int groups = run.Pick(1200, 60);
        double?[] p50 = run.Rounds.AllInTurn(
            () => Rounds.P50(groups, Each, () =>
            {
                for (int i = 0; i < Each; i++) _ = bench.Store.PutRaw(blocks.Next());
            }),
            redis is null ? null : () => Rounds.P50(groups / 4, Each, () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    ReadOnlySpan<byte> block = blocks.Next().Span;
                    redis.Set(block[..32], block);
                }
            }),
            databases is null ? null : () => databases.LmdbPut(KiB, groups * Each / 4),
            databases is null ? null : () => databases.SqlitePut(KiB, groups * Each / 16));
        redis?.Clear();
        yield return new Measurement("raw put, 1 KiB, hashed", p50[0] * 1e6, null, "us", "", null, 1.2)
        {
            IsLessBetter = true,
        };
        yield return Compare("Redis SET, unpipelined", p50[1], 8);
        yield return Compare("LMDB put, a transaction each", p50[2], null);
        yield return Compare("SQLite insert, not flushed", p50[3], null);

        Measurement Compare(string competitor, double? theirs, double? goal) =>
            new($"raw put, 1 KiB, against {competitor.Split(' ')[0]}", p50[0] * 1e6, theirs * 1e6, "us",
                competitor, goal)
            {
                IsLessBetter = true,
                Note = "ours is hashed, theirs is not",
            };
    }

    public static IEnumerable<Measurement> Encoded(StoreBenchRun run)
    {
        using BenchStore bench = run.Open("encode", Capacity);
        var batch = new NumberedBatch(KiB, columns: 1);
        double?[] p50 = run.Rounds.AllInTurn(() => Rounds.P50(run.Pick(1200, 60), Each, () =>
        {
            for (int i = 0; i < Each; i++) _ = bench.Store.Put(batch.Next());
        }));
        yield return new Measurement("one-column batch, encoded and put", p50[0] * 1e6, null, "us", "", null, 3)
        {
            IsLessBetter = true,
            Note = "int64, 1 KiB of values",
        };
    }

    public static IEnumerable<Measurement> Large(StoreBenchRun run)
    {
        const string competitor = "SHA-256 of the same bytes";
        const long roomy = 4L << 30;
        bool isRoomy = !run.IsQuick && run.Memory.FreeBytes > roomy + (roomy / 4);
        // A block of over a quarter of a segment would get one of its own, which nobody prepares.
        long segment = (isRoomy ? 512L : 64L) << 20;
        int[] sizes = isRoomy ? [1 << 20, 8 << 20, 64 << 20] : [1 << 20, 8 << 20];
        using BenchStore bench = run.Memory.Open("large", new CidStoreOptions
        {
            Capacity = isRoomy ? roomy : roomy / 8,
            SegmentSize = segment,
        });
        FillFirstSegment(bench.Store, segment);
        foreach (int size in sizes)
        {
            var batch = new NumberedBatch(size, columns: 8);
            byte[] plain = new byte[size], digest = new byte[32];
            int times = Math.Max(1, run.Pick(64 << 20, 8 << 20) / size);
            double?[] p50 = run.Rounds.AllInTurn(
                () => Rounds.P50(times, 1, () => _ = bench.Store.Put(batch.Next())),
                () => Rounds.P50(times, 1, () => _ = SHA256.HashData(plain, digest)));
            yield return new Measurement($"put, {size >> 20} MiB", size / p50[0] / 1e9, size / p50[1] / 1e9, "GB/s",
                competitor, 0.8);
        }

        if (!isRoomy && !run.IsQuick)
            yield return new Measurement("put, 64 MiB", null, null, "GB/s", competitor, 0.8)
            {
                Note = "not 5 GiB of shared memory to spare",
            };
    }

    /// <summary>The first segment of a store is made by the put that needs it; the next ones are prepared while it
    /// fills.</summary>
    internal static void FillFirstSegment(CidStore store, long bytes)
    {
        var batch = new NumberedBatch(4 << 20, columns: 8);
        int puts = (int)(bytes / (4 << 20));
        for (int i = 0; i < puts; i++)
        {
            _ = store.Put(batch.Next());
            if (i == puts * 3 / 4) Thread.Sleep(1500);
        }
    }
}
