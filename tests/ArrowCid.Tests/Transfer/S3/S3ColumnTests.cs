using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.S3;
using ArrowCid.Tests.Peers;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer.S3;

/// <summary>Columns of batches in a bucket.</summary>
public sealed class S3ColumnTests
{
    [PeerFact(Peer.Moto)]
    public async Task Columns_in_a_bucket_are_read_in_ranges_of_their_block()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = 64 << 20,
            SegmentSize = 8 << 20,
            OpenPlace = (location, _) => S3Blocks.Open(location),
        });
        string bucket = MotoServer.NewFolder();
        store.Places.Add(new BlockPlace { Name = "cold", Location = bucket });
        RecordBatch[] batches = [Batch(1), Batch(2)];
        Cid dataset = store.Datasets.Put([.. batches.Select(batch => store.Put(batch).Cid)]).Cid;
        _ = store.Places.Copy([dataset], "cold");
        _ = store.Places.Drop([dataset]);
        int objects = 0;
        await using FaultyS3 counted = await FaultyS3.Start(MotoServer.Url, (method, path) =>
        {
            if (method == "GET" && path.Contains("/b/", StringComparison.Ordinal)) _ = Interlocked.Increment(ref objects);
            return S3Misdeed.None;
        });
        using BlockBackend place = new S3Backend(S3Bucket.Open(S3Location.Parse(bucket) with { Endpoint = counted.Url }));
        RecordBatch[] read = [.. store.Places.Columns.Read(dataset, ["c3", "c17"], BlockBackend.Several([store.Transfer.AsBackend(), place]))];
        for (int i = 0; i < 2; i++)
            Assert.Equal(CanonicalBlock.CidOf(ColumnChoice.Of(batches[i], ["c3", "c17"])), CanonicalBlock.CidOf(read[i]));
        // Of each batch two columns and the head, which both have in common.
        Assert.InRange(objects, 5, 6);
        // Where no manifest is known the block is read whole.
        RecordBatch whole = BatchColumn.ReadViews(place, store.Datasets.TryGet(dataset)![0], ["c3"]).Single();
        Assert.Equal(CanonicalBlock.CidOf(ColumnChoice.Of(batches[0], ["c3"])), CanonicalBlock.CidOf(whole));
        // What is dropped there goes with its manifest.
        int before = Manifests(place, store, dataset);
        Assert.Equal(2, before);
        _ = store.Places.Drop([dataset], new DropOptions { From = "cold", Force = true });
        Assert.Equal(0, Manifests(S3Blocks.Open(bucket), store, dataset));
    }

    [PeerFact(Peer.Moto)]
    public void Copy_that_lacked_manifests_gets_them_from_the_next_one()
    {
        using var folder = new TemporaryStore();
        using CidStore store = CidStore.Open(folder.Directory, new CidStoreOptions
        {
            Capacity = 64 << 20,
            SegmentSize = 8 << 20,
            OpenPlace = (location, _) => S3Blocks.Open(location),
        });
        string bucket = MotoServer.NewFolder();
        store.Places.Add(new BlockPlace { Name = "cold", Location = bucket });
        Cid cid = store.Put(Batch(1)).Cid, dataset = store.Datasets.Put([cid]).Cid;
        using BlockBackend place = S3Blocks.Open(bucket), own = store.Transfer.AsBackend();
        using (BlockLease block = own.Get(cid)) place.Put(cid, block.Bytes);
        Assert.Equal(0, Manifests(place, store, dataset));
        _ = store.Places.Copy([dataset], "cold");
        Assert.Equal(1, Manifests(place, store, dataset));
    }

    private static int Manifests(BlockBackend place, CidStore store, Cid dataset)
    {
        var table = new ColumnTable(store.Directory);
        return store.Datasets.TryGet(dataset)!.Count(cid => table.Find(cid) is { } manifest && place.Contains(manifest));
    }

    private static RecordBatch Batch(int seed)
    {
        var random = new Random(seed);
        return RecordBatch.Of([.. Enumerable.Range(0, 20).Select(i =>
            ($"c{i}", (ArrowArray)ArrowArray.From<double>(Enumerable.Range(0, 20_000).Select(_ => random.NextDouble()).ToArray())))]);
    }
}
