using ArrowCid.Registry;
using ArrowCid.S3;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Torture;

/// <summary>
/// A worker's store of its own with a place that takes every block: puts, copies of the backlog, removals of one of
/// two copies, evictions to the place, reads of what left, and collections. The journal has each block that was
/// acknowledged: from then on it is here or there.
/// </summary>
internal sealed class TorturePlaces(TortureJournal journal, long number, bool isBucket) : IDisposable
{
    public const string Place = "cold";

    /// <summary>The environment variable with the folder of a bucket for all workers.</summary>
    public const string BucketVariable = "ARROWCID_TORTURE_BUCKET";

    private const int BlockBytes = 3000;

    private readonly List<Cid> _own = [];
    private CidStore? _store;
    private BlockBackend? _cache;
    private long _next;

    /// <summary>The store of a worker.</summary>
    public static string StoreOf(string journal) => journal + "-from";

    /// <summary>The directory of its place.</summary>
    public static string PlaceOf(string journal) => journal + "-place/";

    /// <summary>Opens the store of a worker, and gives it its place: a folder of its own in the bucket where there is
    /// one, and otherwise a directory.</summary>
    public static CidStore Open(string journal, string? bucket = null)
    {
        CidStore store = TortureStore.Open(StoreOf(journal), TortureRole.Mixed);
        if (store.Places.Find(Place) is null)
        {
            string path = Path.GetFullPath(PlaceOf(journal));
            store.Places.Add(new BlockPlace
            {
                Name = Place,
                Location = bucket is null ? path : S3Files.Combine(bucket, path.Trim('/').Replace('/', '-')),
                // Half of the workers keep their copies in another form.
                Form = journal[^1] % 2 == 0 ? BlockForm.Block : BlockForm.Zstd,
                Write = PlaceWrite.Back,
            });
        }

        return store;
    }

    public void Step(Random random)
    {
        _store ??= Open(journal.Path, isBucket ? Environment.GetEnvironmentVariable(BucketVariable) : null);
        switch (random.Next(11))
        {
            case < 3: Put(random); break;
            case < 5: _ = _store.Places.CopyBacklog(Place); break;
            case 5: _ = _store.Places.Drop(Some(random)); break;
            // Nothing is there before the first copy.
            case 6 when isBucket || Directory.Exists(PlaceOf(journal.Path)): DropThere(random); break;
            case 7: Evict(random); break;
            case < 10: Read(random); break;
            default:
                _ = _store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
                _ = _store.Maintenance.Compact();
                break;
        }
    }

    public void Dispose()
    {
        _cache?.Dispose();
        _store?.Dispose();
    }

    private void Put(Random random)
    {
        for (int left = random.Next(1, 6); left > 0; left--)
        {
            Cid cid = _store!.PutRaw(TortureBlocks.Raw((number << 24) | ++_next, BlockBytes)).Cid;
            journal.Write($"q {cid}");
            _own.Add(cid);
        }
    }

    /// <summary>A bucket cannot be locked, so that the call does not prove the other copy: it is here, and no other
    /// process has this store.</summary>
    private void DropThere(Random random)
    {
        Cid[] some = isBucket ? Array.FindAll(Some(random), _store!.Contains) : Some(random);
        _ = _store!.Places.Drop(some, new DropOptions { From = Place, Force = isBucket });
    }

    private void Evict(Random random) => _ = _store!.Places.Cache.Evict(new CacheSettings
    {
        MaxBytes = random.Next(1, 10 * BlockBytes),
        DemoteTo = Place,
    });

    private void Read(Random random)
    {
        _cache ??= _store!.Places.Cache.AsBackend();
        foreach (Cid cid in Some(random))
        {
            using BlockLease block = _cache.TryGet(cid) ??
                throw new ArrowCidException(ErrorCode.BlockCorrupt, $"{cid} is neither here nor at the place");
        }
    }

    private Cid[] Some(Random random) => [.. _own.Where(_ => random.Next(4) == 0).Take(16)];
}
