using System.Buffers.Binary;
using ArrowCid.Memory;
using BitFaster.Caching.Lfu;
using BitFaster.Caching.Scheduler;

namespace ArrowCid.Benchmarks;

/// <summary>What a policy made of a workload.</summary>
/// <param name="Hits">The reads of blocks that were in the cache.</param>
/// <param name="Reads">All reads.</param>
/// <param name="WaitedMs">What the fetches of the others took.</param>
internal readonly record struct CacheReplay(long Hits, long Reads, double WaitedMs)
{
    /// <summary>The share of hits, in percent.</summary>
    public double HitPercent => 100.0 * Hits / Reads;

    /// <summary>The time waited, in hours.</summary>
    public double HoursWaited => WaitedMs / 3_600_000;

    /// <summary>Replays reads against a policy.</summary>
    /// <param name="reads">The reads.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="scans">Datasets whose order is known when their first batch is read, so that what belongs to a scan
    /// is not kept, as in a store; null where nothing is known.</param>
    public static CacheReplay Of(IReadOnlyList<CacheRead> reads, CachePolicy policy,
        IReadOnlyList<CacheRead[]>? scans = null)
    {
        var order = new ReadOrder();
        Dictionary<ulong, CacheRead[]> firsts = (scans ?? []).ToDictionary(scan => scan[0].Key);
        long hits = 0;
        double waited = 0;
        foreach (CacheRead read in reads)
        {
            if (policy.Read(read.Key))
            {
                hits++;
                continue;
            }

            waited += read.Milliseconds;
            // An eighth of the cache at most for one block: the rule of admission, for every policy.
            if (read.Bytes > policy.Capacity / 8) continue;
            if (firsts.TryGetValue(read.Key, out CacheRead[]? scan))
                order.Learn(CidOf(read.Key), [.. scan.Select(each => (CidOf(each.Key), each.Bytes))]);
            if (scans is not null && order.Note(CidOf(read.Key), policy.Capacity).IsScan) continue;
            policy.Add(read.Key, read.Bytes, read.Milliseconds);
            while (policy.Bytes > policy.Capacity && policy.TryEvict(out _))
            {
            }
        }

        return new CacheReplay(hits, reads.Count, waited);
    }

    private static Cid CidOf(ulong key)
    {
        byte[] digest = new byte[Digest256.ByteCount];
        BinaryPrimitives.WriteUInt64LittleEndian(digest, key);
        return Cid.FromSha256(Multicodec.Raw, new Digest256(digest));
    }

    /// <summary>Replays reads against W-TinyLFU, which counts entries: it gets as many as blocks of the mean size fit
    /// into the capacity.</summary>
    public static CacheReplay OfTinyLfu(IReadOnlyList<CacheRead> reads, long capacity)
    {
        double mean = reads.DistinctBy(read => read.Key).Average(read => read.Bytes);
        var cache = new ConcurrentLfu<ulong, bool>(1, Math.Max(3, (int)(capacity / mean)), new ForegroundScheduler(),
            EqualityComparer<ulong>.Default);
        long hits = 0;
        double waited = 0;
        foreach (CacheRead read in reads)
        {
            if (cache.TryGet(read.Key, out _)) hits++;
            else waited += read.Milliseconds;
            _ = cache.GetOrAdd(read.Key, static _ => true);
        }

        return new CacheReplay(hits, reads.Count, waited);
    }
}
