using System.Collections.Concurrent;
using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Store;

/// <summary>A store as a cache of its places.</summary>
public sealed class CacheTests : IDisposable
{
    private const int BlockBytes = 10_000;

    private readonly TemporaryStore _here = new(), _there = new();

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public void Settings_are_kept_in_the_store_and_their_bytes_do_not_change()
    {
        using CidStore store = OpenWithPlace();
        Assert.Null(store.Places.Cache.GetSettings());
        var settings = new CacheSettings { MaxBytes = 1 << 20, Policy = CachePolicyKind.Arc, DemoteTo = "cold" };
        store.Places.Cache.SetSettings(settings);
        // v, kind, policy, demoteTo, maxBytes: in the order of dag-cbor.
        Assert.Equal("a5617601" + "646b696e646e6172726f776369642f6361636865" + "66706f6c69637963617263" +
            "6864656d6f7465546f64636f6c64" + "686d617842797465731a00100000", Convert.ToHexStringLower(settings.Encode()));
        using (CidStore other = Stores.Open(_here)) Assert.Equal(settings, other.Places.Cache.GetSettings());
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 5 });
        Assert.Equal(new CacheSettings { MaxBytes = 5 }, store.Places.Cache.GetSettings());
        store.Places.Cache.SetSettings(null);
        Assert.Null(store.Places.Cache.GetSettings());
        _ = Assert.Throws<ArgumentException>(() => store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 0 }));
        Assert.Equal(ErrorCode.NameNotFound, Code(() => store.Places.Cache.SetSettings(settings with { DemoteTo = "none" })));
        Assert.Equal(ErrorCode.InvalidArgument, Code(() => store.Places.Cache.Evict()));
        Cid wrong = store.PutRaw(DagCbor.Encode(IpldNode.Map(("kind", IpldNode.Text("other")))), Multicodec.DagCbor).Cid;
        _ = store.Names.Set(CacheSettings.Name, wrong);
        Assert.Equal(ErrorCode.InvalidData, Code(() => store.Places.Cache.GetSettings()));
    }

    [Theory]
    [InlineData((int)CachePolicyKind.S3Fifo)]
    [InlineData((int)CachePolicyKind.Arc)]
    [InlineData((int)CachePolicyKind.Lru)]
    public void Evicted_blocks_have_a_copy_and_are_fetched_again_when_they_are_read(int policy)
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 40);
        _ = store.Places.Copy(blocks, "cold");
        var settings = new CacheSettings { MaxBytes = 20 * BlockBytes, Policy = (CachePolicyKind)policy };
        RemoveResult dry = store.Places.Cache.Evict(settings, dryRun: true);
        Assert.All(blocks, cid => Assert.True(store.Contains(cid)));
        RemoveResult evicted = store.Places.Cache.Evict(settings);
        Assert.Equal(dry.Removed.Count, evicted.Removed.Count);
        Assert.InRange(evicted.Removed.Count, 20, 24);
        Assert.Equal(evicted.Removed.Count * BlockBytes, evicted.ByteLength);
        Assert.Empty(evicted.Kept);
        Assert.All(evicted.Removed, cid => Assert.False(store.Contains(cid)));
        Assert.Empty(store.Places.Cache.Evict(settings).Removed);
        _ = store.Maintenance.Compact();
        using BlockBackend cache = store.Places.Cache.AsBackend();
        foreach (Cid cid in blocks)
        {
            using BlockLease? block = cache.TryGet(cid);
            Assert.Equal(BlockBytes, block!.Bytes.Length);
        }
    }

    [Fact]
    public void Blocks_that_are_pinned_held_or_nowhere_else_stay()
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 5);
        _ = store.Places.Copy([blocks[0], blocks[1], blocks[2], blocks[4]], "cold");
        store.Retention.Pin(blocks[0]);
        using BlockHold hold = store.Retention.Hold(blocks[1]);
        File.Delete(_there.PathOf($"blocks/{blocks[2]}.block"));
        _ = store.Names.Set("x", blocks[4]);
        RemoveResult result = store.Places.Cache.Evict(new CacheSettings { MaxBytes = 1 });
        Assert.Equal([blocks[4]], result.Removed);
        Assert.Equal(
            [(blocks[0], KeepKind.Pinned), (blocks[1], KeepKind.Held), (blocks[2], KeepKind.LastCopy), (blocks[3], KeepKind.LastCopy)],
            result.Kept.Select(kept => (kept.Cid, kept.Reasons[0].Kind)).OrderBy(kept => Array.IndexOf(blocks, kept.Cid)));
        Assert.Equal(blocks[4], store.Names.Resolve("x"));
        store.Retention.Unpin(blocks[0]);
        Assert.Equal([blocks[0]], store.Places.Cache.Evict(new CacheSettings { MaxBytes = 1 }).Removed);
    }

    [Fact]
    public void Copy_at_a_gateway_does_not_let_a_block_leave()
    {
        using CidStore store = OpenWithPlace();
        store.Places.Add(new BlockPlace { Name = "web", Location = "http://127.0.0.1:1/" });
        Cid cid = Put(store, 1)[0];
        store.Registry.Facts.Append(new CopyFact(cid, "web", new CopyState("block", BlockBytes, 1, 0, null)));
        Assert.Equal(["web"], store.Metadata.Get(cid)!.Copies.Select(copy => copy.Place));
        Assert.Equal(KeepKind.LastCopy, Assert.Single(store.Places.Cache.Evict(new CacheSettings { MaxBytes = 1 }).Kept).Reasons[0].Kind);
    }

    [Fact]
    public void Leased_bytes_stay_as_they_are_while_their_block_leaves_and_the_store_is_compacted()
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 30);
        _ = store.Places.Copy(blocks, "cold");
        using BlockBackend own = store.Transfer.AsBackend();
        using BlockLease held = own.TryGet(blocks[0])!;
        byte[] before = held.Bytes.ToArray();
        Assert.Equal(30, store.Places.Cache.Evict(new CacheSettings { MaxBytes = 1 }).Removed.Count);
        _ = store.Maintenance.Compact();
        _ = Put(store, 30, first: 1000);
        Assert.Equal(before, held.Bytes.ToArray());
        Assert.False(store.Contains(blocks[0]));
    }

    [Fact]
    public void Block_that_is_nowhere_else_is_copied_first_where_a_place_is_named()
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 4);
        var settings = new CacheSettings { MaxBytes = 1, DemoteTo = "cold" };
        Assert.Equal(4, store.Places.Cache.Evict(settings, dryRun: true).Removed.Count);
        Assert.Empty(store.Places.ListAt("cold"));
        Assert.Equal(4, store.Places.Cache.Evict(settings).Removed.Count);
        Assert.Equal(blocks.Order(), store.Places.ListAt("cold").Select(entry => entry.Cid).Order());
        using BlockBackend cache = store.Places.Cache.AsBackend(keeps: false);
        foreach (Cid cid in blocks) cache.TryGet(cid)!.Dispose();
        Assert.All(blocks, cid => Assert.False(store.Contains(cid)));
    }

    [Fact]
    public void Reads_through_the_cache_keep_what_fits_and_never_more()
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 60);
        _ = store.Places.Copy(blocks, "cold");
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 20 * BlockBytes });
        _ = store.Places.Cache.Evict();
        int seed = Environment.TickCount;
        var random = new Random(seed);
        using BlockBackend cache = store.Places.Cache.AsBackend();
        for (int i = 0; i < 400; i++)
        {
            // Most reads are of the first blocks.
            Cid cid = blocks[Math.Min(random.Next(blocks.Length), random.Next(blocks.Length))];
            using (BlockLease? block = cache.TryGet(cid)) Assert.Equal(BlockBytes, block!.Bytes.Length);
            Assert.True(LiveBytes(store) <= 20 * BlockBytes, $"seed {seed}, read {i}");
            Assert.True(store.Contains(cid), $"seed {seed}, read {i}");
        }
    }

    [Fact]
    public void Block_over_an_eighth_of_the_cache_is_read_and_not_kept()
    {
        using CidStore store = OpenWithPlace();
        Cid cid = Put(store, 1)[0];
        _ = store.Places.Copy([cid], "cold");
        _ = store.Places.Drop([cid]);
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = (8 * BlockBytes) - 1 });
        using BlockBackend cache = store.Places.Cache.AsBackend();
        cache.TryGet(cid)!.Dispose();
        Assert.False(store.Contains(cid));
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 9 * BlockBytes });
        cache.TryGet(cid)!.Dispose();
        Assert.True(store.Contains(cid));
    }

    [Fact]
    public void Block_that_is_read_stays_when_as_many_others_pass()
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 40);
        _ = store.Places.Copy(blocks, "cold");
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 20 * BlockBytes });
        for (int i = 0; i < 32; i++)
        {
            using RecordLease lease = store.Reading.LeaseUnproved(blocks[0])!;
        }

        _ = store.Places.Cache.Evict();
        Assert.True(store.Contains(blocks[0]));
        Assert.False(store.Contains(blocks[1]));
    }

    [Fact]
    public void Maintenance_evicts_before_it_compacts_and_says_what_has_to_stay()
    {
        using CidStore store = OpenWithPlace();
        Cid[] blocks = Put(store, 300);
        _ = store.Places.Copy(blocks, "cold");
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 20 * BlockBytes });
        Assert.Contains(store.Maintenance.RunOnce(dryRun: true), step => step.Task == MaintenanceTask.Evict && step.IsDryRun);
        Assert.All(blocks, cid => Assert.True(store.Contains(cid)));
        MaintenanceStep[] steps = [.. store.Maintenance.RunOnce().Where(step => step.Task is MaintenanceTask.Evict or MaintenanceTask.Compact)];
        Assert.Equal(MaintenanceTask.Evict, steps[0].Task);
        Assert.InRange(steps[0].Count, 280, 290);
        Assert.True(steps.Where(step => step.Task == MaintenanceTask.Compact).Sum(step => step.ByteLength) > 0);
        Assert.True(LiveBytes(store) <= 20 * BlockBytes);
        _ = Put(store, 30, first: 1000);
        MaintenanceStep stays = store.Maintenance.RunOnce().Last(step => step.Task == MaintenanceTask.Evict);
        Assert.Contains("have to stay", stays.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Prefetched_dataset_is_here_before_it_is_read()
    {
        using CidStore store = OpenWithPlace();
        Cid[] batches = [.. Enumerable.Range(0, 6).Select(i => store.Put(Stores.Numbers(i, i + 1)).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        _ = store.Places.Copy([dataset], "cold");
        _ = store.Places.Drop([dataset]);
        BlockCopyResult fetched = store.Places.Cache.Prefetch([dataset]);
        Assert.Equal((7, 6), (fetched.Blocks, fetched.NewBlocks));
        Assert.All(batches, cid => Assert.True(store.Contains(cid)));
        Assert.Equal(0, store.Places.Cache.Prefetch([dataset]).NewBlocks);
        Assert.Equal(ErrorCode.BlockNotFound, Code(() => store.Places.Cache.Prefetch([Cid.Sha256(Multicodec.Raw, [1, 2, 3])])));
    }

    [Fact]
    public void Threads_that_lack_one_block_fetch_it_once()
    {
        int fetches = 0;
        using CidStore store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 32 << 20,
            SegmentSize = 1 << 20,
            OpenPlace = (location, isReadOnly) => new SlowBackend(StorePlaces.OpenLocation(location, isReadOnly), () => Interlocked.Increment(ref fetches)),
        });
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/" });
        Cid cid = Put(store, 1)[0];
        _ = store.Places.Copy([cid], "cold");
        _ = store.Places.Drop([cid]);
        fetches = 0;
        using BlockBackend cache = store.Places.Cache.AsBackend();
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 }, _ => cache.TryGet(cid)!.Dispose());
        Assert.Equal(1, fetches);
    }

    [Fact]
    public void Damaged_block_is_repaired_by_a_read_through_the_cache()
    {
        using CidStore store = OpenWithPlace();
        Cid cid = Put(store, 1)[0];
        _ = store.Places.Copy([cid], "cold");
        Damage(store, cid, 100);
        using BlockBackend cache = store.Places.Cache.AsBackend();
        using (BlockLease? block = cache.TryGet(cid)) Assert.Equal(Bytes(0), block!.Bytes.ToArray());
        Assert.True(store.Places.Prove(cid, BlockPlace.Here));
    }

    private static long LiveBytes(CidStore store) =>
        store.Registry.Entries.Alive(store.Blocks.Listing.List()).Sum(info => info.Length);

    [Fact]
    public void Damage_of_one_percent_heals_while_readers_read_everything()
    {
        using CidStore store = OpenWithPlace();
        Cid[] cids = Put(store, 300);
        _ = store.Places.Copy(cids, "cold");
        var random = new Random(31);
        Cid[] damaged = [.. Enumerable.Range(0, 3).Select(i => cids[(100 * i) + random.Next(100)])];
        foreach (Cid cid in damaged) Damage(store, cid, random.Next(BlockBytes));
        using BlockBackend cache = store.Places.Cache.AsBackend();
        Parallel.For(0, 3, _ =>
        {
            foreach (Cid cid in cids) cache.Get(cid).Dispose();
        });
        Assert.All(cids, cid => Assert.True(store.Places.Prove(cid, BlockPlace.Here)));
        Assert.All(store.Diagnostics.VerifyAll(), result => Assert.True(result.IsIntact, $"{result.Cid}"));
    }

    [Fact]
    public async Task Batches_that_are_read_in_order_are_fetched_before_they_are_read_and_once_each()
    {
        var read = new ConcurrentQueue<Cid>();
        (CidStore store, Cid dataset, Cid[] batches) = OpenWithDataset(40, 1 << 20, read);
        using CidStore opened = store;
        using BlockBackend cache = store.Places.Cache.AsBackend();
        cache.Get(dataset).Dispose();
        cache.Get(batches[10]).Dispose();
        await store.Places.Cache.Ahead.Idle;
        Assert.Equal([batches[10]], read);
        cache.Get(batches[11]).Dispose();
        await store.Places.Cache.Ahead.Idle;
        Assert.Equal(batches[10..14], read);
        foreach (Cid cid in batches[12..15]) cache.Get(cid).Dispose();
        await store.Places.Cache.Ahead.Idle;
        // The next four.
        Assert.Equal(batches[10..19], read);
        Assert.All(batches[10..19], cid => Assert.True(store.Contains(cid)));
        // Reads in no order fetch nothing else.
        foreach (int i in new[] { 30, 25, 35, 21 }) cache.Get(batches[i]).Dispose();
        await store.Places.Cache.Ahead.Idle;
        Assert.Equal(13, read.Count);
        foreach (Cid cid in batches) cache.Get(cid).Dispose();
        await store.Places.Cache.Ahead.Idle;
        Assert.Equal(batches.Select(cid => $"{cid}").Order(), read.Select(cid => $"{cid}").Order());
    }

    [Fact]
    public async Task Scan_of_more_than_the_cache_holds_evicts_nothing()
    {
        var read = new ConcurrentQueue<Cid>();
        (CidStore store, Cid dataset, Cid[] batches) = OpenWithDataset(60, 30 * 10_000, read);
        using CidStore opened = store;
        Cid[] hot = Put(store, 20);
        _ = store.Places.Copy(hot, "cold");
        using BlockBackend cache = store.Places.Cache.AsBackend();
        cache.Get(dataset).Dispose();
        foreach (Cid cid in batches)
        {
            using BlockLease block = cache.Get(cid);
            Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, block.Bytes.Span));
        }

        await store.Places.Cache.Ahead.Idle;
        Assert.Equal(batches, read);
        Assert.All(hot, cid => Assert.True(store.Contains(cid)));
        Assert.Equal(batches[..1], batches.Where(store.Contains));
    }

    [Fact]
    public void Order_of_a_dataset_is_forgotten_when_there_are_too_many()
    {
        var order = new ReadOrder();
        Cid[] cids = [.. Enumerable.Range(0, 300).Select(i => Cid.Sha256(Multicodec.Raw, BitConverter.GetBytes(i)))];
        for (int i = 0; i < 100; i++) order.Learn(cids[i], [(cids[(2 * i) + 100], 1), (cids[(2 * i) + 101], 1)]);
        Assert.Equal(Enumerable.Repeat(false, 36).Concat(Enumerable.Repeat(true, 64)), cids[..100].Select(order.Knows));
        Assert.Equal(default, order.Note(cids[100], 100));
        Assert.Equal(default, order.Note(cids[101], 100));
        Assert.Null(order.Note(cids[298], 100).Ahead);
        Assert.Empty(order.Note(cids[299], 100).Ahead!);
    }

    private (CidStore Store, Cid Dataset, Cid[] Batches) OpenWithDataset(int count, long cacheBytes,
        ConcurrentQueue<Cid> read)
    {
        CidStore store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 64 << 20,
            OpenPlace = (location, isReadOnly) => new NotedBackend(StorePlaces.OpenLocation(location, isReadOnly), read),
        });
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/" });
        Cid[] batches = [.. Enumerable.Range(0, count).Select(i => store.Put(
            RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(i, BlockBytes / sizeof(long)).Select(n => (long)n).ToArray())))).Cid)];
        Cid dataset = store.Datasets.Put(batches).Cid;
        _ = store.Places.Copy([dataset], "cold");
        _ = store.Places.Drop([dataset]);
        store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = cacheBytes });
        read.Clear();
        return (store, dataset, batches);
    }

    /// <summary>Notes the blocks that are read.</summary>
    private sealed class NotedBackend(BlockBackend inner, ConcurrentQueue<Cid> read) : BlockBackend(inner.Name)
    {
        public override bool CanPut => true;

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            using BlockLease? block = inner.TryGet(cid, cancellationToken);
            if (block is not null) read.Enqueue(cid);
            bytes = block?.Bytes.ToArray() ?? default(ReadOnlyMemory<byte>);
            return block is not null;
        }

        protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            inner.Put(cid, bytes, cancellationToken);

        protected override void Close() => inner.Dispose();
    }

    private static void Damage(CidStore store, Cid cid, int at)
    {
        string[] location;
        using (RecordLease lease = store.Reading.LeaseUnproved(cid)!) location = lease.Location.Split('+');
        using FileStream file = File.Open(location[0], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = long.Parse(location[1], System.Globalization.CultureInfo.InvariantCulture) + at;
        int before = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(before ^ 1));
    }

    private static Cid[] Put(CidStore store, int count, int first = 0) =>
        [.. Enumerable.Range(first, count).Select(number => store.PutRaw(Bytes(number)).Cid)];

    private static byte[] Bytes(int number)
    {
        byte[] bytes = new byte[BlockBytes];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private CidStore OpenWithPlace()
    {
        CidStore store = Stores.Open(_here);
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/" });
        return store;
    }

    private static ErrorCode Code(Action call) => Assert.Throws<ArrowCidException>(call).Code;

    /// <summary>Counts its reads, each of which lets other threads come first.</summary>
    private sealed class SlowBackend(BlockBackend inner, Action read) : BlockBackend(inner.Name)
    {
        public override bool CanPut => true;

        protected override bool TryRead(Cid cid, out ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            read();
            for (int i = 0; i < 100; i++) _ = Thread.Yield();
            using BlockLease? block = inner.TryGet(cid, cancellationToken);
            bytes = block is null ? default : block.Bytes.ToArray();
            return block is not null;
        }

        protected override bool Has(Cid cid, CancellationToken cancellationToken) => inner.Contains(cid, cancellationToken);

        protected override void Write(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            inner.Put(cid, bytes, cancellationToken);

        protected override void Close() => inner.Dispose();
    }
}
