using ArrowCid.Registry;

namespace ArrowCid.Torture;

/// <summary>
/// A worker's store of its own with a place that takes every block: puts, copies of the backlog, removals of one of
/// two copies, and collections. The journal has each block that was acknowledged: from then on it is here or there.
/// </summary>
internal sealed class TorturePlaces(TortureJournal journal, long number) : IDisposable
{
    public const string Place = "cold";

    private readonly List<Cid> _own = [];
    private CidStore? _store;
    private long _next;

    /// <summary>The store of a worker.</summary>
    public static string StoreOf(string journal) => journal + "-from";

    /// <summary>The directory of its place.</summary>
    public static string PlaceOf(string journal) => journal + "-place/";

    /// <summary>Opens the store of a worker, and gives it its place.</summary>
    public static CidStore Open(string journal)
    {
        CidStore store = TortureStore.Open(StoreOf(journal), TortureRole.Mixed);
        if (store.Places.Find(Place) is null)
        {
            store.Places.Add(new BlockPlace
            {
                Name = Place,
                Location = Path.GetFullPath(PlaceOf(journal)),
                // Half of the workers keep their copies in another form.
                Form = journal[^1] % 2 == 0 ? BlockForm.Block : BlockForm.Zstd,
                Write = PlaceWrite.Back,
            });
        }

        return store;
    }

    public void Step(Random random)
    {
        _store ??= Open(journal.Path);
        switch (random.Next(8))
        {
            case < 3: Put(random); break;
            case < 5: _ = _store.Places.CopyBacklog(Place); break;
            case 5: _ = _store.Places.Drop(Some(random)); break;
            // Nothing is there before the first copy.
            case 6 when Directory.Exists(PlaceOf(journal.Path)):
                _ = _store.Places.Drop(Some(random), new DropOptions { From = Place });
                break;
            default:
                _ = _store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });
                _ = _store.Maintenance.Compact();
                break;
        }
    }

    public void Dispose() => _store?.Dispose();

    private void Put(Random random)
    {
        for (int left = random.Next(1, 6); left > 0; left--)
        {
            Cid cid = _store!.PutRaw(TortureBlocks.Raw((number << 24) | ++_next, 3000)).Cid;
            journal.Write($"q {cid}");
            _own.Add(cid);
        }
    }

    private Cid[] Some(Random random) => [.. _own.Where(_ => random.Next(4) == 0).Take(16)];
}
