using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Benchmarks;

/// <summary>Gets of a batch that came from a bucket and is in the store since, against a batch that was put there and
/// against Redis.</summary>
/// <param name="rounds">How often.</param>
/// <param name="server">The server of the bucket.</param>
/// <param name="isQuick">Whether shape matters more than figures.</param>
internal sealed class WarmBench(Rounds rounds, BucketServer server, bool isQuick)
{
    private const int Bytes = 1 << 20, Columns = 10;

    private static readonly byte[] s_key = new byte[32];

    /// <summary>Measures.</summary>
    public IEnumerable<Measurement> Run()
    {
        using BenchPlace memory = BenchPlace.In("/dev/shm");
        using BenchStore bench = memory.Open("store", new CidStoreOptions
        {
            Capacity = 64 << 20,
            SegmentSize = 8 << 20,
            OpenPlace = (location, _) => S3Blocks.Open(location),
        });
        CidStore store = bench.Store;
        store.Places.Add(new BlockPlace { Name = "bucket", Location = $"s3://{BucketServer.Bucket}/warm?endpoint={server.Url}" });
        var batch = new NumberedBatch(Bytes, Columns);
        Cid own = store.Put(batch.Next()).Cid, fetched = store.Put(batch.Next()).Cid;
        _ = store.Places.Copy([fetched], "bucket");
        if (store.Places.Drop([fetched]).Removed.Count != 1) throw new InvalidOperationException("the batch is still here");
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 32 << 20 });
        using (BlockBackend cache = store.Places.Cache.AsBackend()) cache.Get(fetched).Dispose();
        int groups = isQuick ? 40 : 400, few = isQuick ? 20 : 100;
        using RedisCompetitor? redis = SourceTree.FindRunner() is { } runner
            ? RedisCompetitor.TryStart(runner, memory.PathOf("redis"))
            : null;
        redis?.Set(s_key, new byte[Bytes]);
        double?[] p50 = rounds.AllInTurn(() => GetBench.Get(store, fetched, groups), () => GetBench.Get(store, own, groups),
            redis is null ? null : () => Rounds.P50(few, 1, () => _ = redis.Get(s_key)));
        yield return Compare("Redis GET", p50[2], 10);
        yield return Compare("a batch that was put here", p50[1], 0.95);

        Measurement Compare(string competitor, double? theirs, double goal) => new("get, warm, a batch of 1 MiB that a place gave",
            p50[0] * 1e6, theirs * 1e6, "us", competitor, goal)
        {
            IsLessBetter = true,
            Note = server.Name,
        };
    }
}
