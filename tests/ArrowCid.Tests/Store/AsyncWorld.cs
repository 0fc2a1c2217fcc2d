using ArrowCid.Columnar;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backends;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Tests.Store;

/// <summary>A store with something to do for every long call: blocks of several segments, some removed, one damaged,
/// some at a place; and what was made of it.</summary>
internal sealed class AsyncWorld : IDisposable
{
    private const int Blocks = 24;
    private const int Rows = 20_000;

    private readonly TemporaryStore _folder = new(), _target = new(), _place = new(), _copy = new();

    public AsyncWorld()
    {
        Store = Open(_folder);
        Target = Open(_target);
        Cids = [.. Enumerable.Range(0, Blocks).Select(i => Store.Put(Batch(i)).Cid)];
        foreach (Cid cid in Cids) Store.Metadata.Tag(cid, "k", $"{cid}");
        Set = Store.Datasets.Put(Cids).Cid;
        Store.Names.Set("all", Set);
        Source = BlockBackend.InMemory();
        _ = Source.CopyFrom(Store.Transfer.AsBackend(), [Set]);
        _ = Store.Transfer.ExportCar([Set], Car);
        _ = Store.Transfer.Backup(Backup);
        Store.Places.Add(new BlockPlace { Name = "cold", Location = _place.PathOf("blocks") + "/" });
        Store.Places.Add(new BlockPlace { Name = "warm", Location = _place.PathOf("others") + "/" });
        _ = Store.Places.Copy([Set], "cold");
        Loose = [.. Enumerable.Range(0, Blocks).Select(i => Store.Put(Batch(1000 + i)).Cid)];
    }

    public CidStore Store { get; private set; }

    public CidStore Target { get; }

    /// <summary>The batches of the dataset.</summary>
    public Cid[] Cids { get; }

    public Cid Set { get; }

    /// <summary>Batches that nothing needs.</summary>
    public Cid[] Loose { get; }

    public BlockBackend Source { get; }

    public MemoryStream Car { get; } = new();

    public MemoryStream Backup { get; } = new();

    public string Directory => _folder.Directory;

    /// <summary>A copy of the closed store's files: opening it rebuilds the store.</summary>
    public string CopyFiles()
    {
        Store.Dispose();
        _ = System.IO.Directory.CreateDirectory(_copy.Directory);
        foreach (string file in System.IO.Directory.GetFiles(_folder.Directory))
            File.Copy(file, _copy.PathOf(Path.GetFileName(file)), overwrite: true);
        return _copy.Directory;
    }

    public void Close() => Store.Dispose();

    public void Damage() => Stored.Flip(Directory, Cids[^1]);

    public void RemoveLoose() => _ = Store.Retention.Remove([.. Loose, Cids[0]]);

    /// <summary>What both stores have, for comparison.</summary>
    public string State()
    {
        if (IsClosed) Store = Open(_folder);
        return string.Join("; ", new[] { Store, Target }.Select(store =>
            string.Concat(Cids.Concat(Loose).Select(cid => store.Contains(cid) ? '1' : '0')) + " " +
            store.Names.Resolve("all")));
    }

    /// <summary>Every block of both stores is what its CID says, and their facts can be read.</summary>
    public void AssertClean()
    {
        if (IsClosed) Store = Open(_folder);
        foreach (CidStore store in new[] { Store, Target })
        {
            Assert.All(store.Diagnostics.VerifyAll(), each => Assert.True(each.IsIntact, $"{each.Error}"));
            Assert.Empty(store.Diagnostics.CheckFacts());
            // Metadata comes before its blocks; a dataset comes after its batches.
            foreach (Cid batch in store.Names.Resolve("all") is { } set ? store.Datasets.TryGet(set) ?? [] : [])
                Assert.True(store.Contains(batch) || store.Metadata.Get(batch)!.Copies.Count > 0);
        }
    }

    public StoreBackup ReadBackup() => StoreBackup.Read([Backup]);

    public void Dispose()
    {
        Store.Dispose();
        Target.Dispose();
        Source.Dispose();
        _folder.Dispose();
        _target.Dispose();
        _place.Dispose();
        _copy.Dispose();
    }

    private bool IsClosed
    {
        get
        {
            try
            {
                _ = Store.Contains(Set);
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    private static CidStore Open(TemporaryStore folder) => CidStore.Open(folder.Directory,
        new CidStoreOptions { Capacity = 64 << 20, SegmentSize = 1 << 20, Timeout = TimeSpan.FromSeconds(20) });

    private static RecordBatch Batch(int seed) => Stores.Numbers([.. Enumerable.Range(0, Rows).Select(i => i + (seed / 7.0))]);
}
