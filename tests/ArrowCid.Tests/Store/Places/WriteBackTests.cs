using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Copies of every new block to a place, and the backlog of those that are not there yet.</summary>
public sealed class WriteBackTests : IDisposable
{
    private readonly TemporaryStore _here = new(), _there = new();
    private volatile bool _isDown;

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public void Backlog_is_every_block_that_is_not_recorded_at_the_place_and_is_empty_after_a_copy()
    {
        using CidStore store = Open(PlaceWrite.Back);
        Cid dataset = store.Datasets.Put([store.Put(Stores.Numbers(1)).Cid, store.Put(Stores.Numbers(2, 3)).Cid]).Cid;
        PlaceUsage before = store.Places.GetUsage("cold");
        // The batches, their schema, the dataset, and the table of places.
        Assert.Equal((0, 5), (before.Blocks, before.BacklogBlocks));
        Assert.Equal(5, store.Places.CopyBacklog("cold").NewBlocks);
        PlaceUsage after = store.Places.GetUsage("cold");
        Assert.Equal((5, before.BacklogByteLength, 0, 0), (after.Blocks, after.ByteLength, after.BacklogBlocks, after.BacklogByteLength));
        Assert.True(store.Places.Prove(dataset, "cold"));
        Assert.Equal(0, store.Places.CopyBacklog("cold").Blocks);
        _ = store.Put(Stores.Numbers(4));
        Assert.Equal(1, store.Places.GetUsage("cold").BacklogBlocks);
        Assert.Equal(1, store.Places.CopyBacklog("cold").NewBlocks);
    }

    [Fact]
    public void Usage_is_that_of_the_last_facts()
    {
        using CidStore store = Open(PlaceWrite.None);
        Cid[] cids = [.. Enumerable.Range(0, 600).Select(i => store.PutRaw(BitConverter.GetBytes(i)).Cid)];
        _ = store.Places.Copy(cids, "cold");
        _ = store.Maintenance.Checkpoint();
        _ = store.Places.Drop(cids[..100], new DropOptions { From = "cold" });
        _ = store.Places.Copy(cids[..50], "cold");
        Assert.Equal((550, 2200), (store.Places.GetUsage("cold").Blocks, store.Places.GetUsage("cold").ByteLength));
        Assert.Equal((0, 0), (store.Places.GetUsage("warm").Blocks, store.Places.GetUsage("warm").BacklogBlocks));
    }

    [Fact]
    public void Block_in_the_backlog_is_neither_collected_nor_expires_until_it_is_copied()
    {
        var clock = new ManualClock();
        using CidStore store = Open(PlaceWrite.Back, clock);
        Cid one = store.Put(Stores.Numbers(1)).Cid;
        Cid two = store.Put(Stores.Numbers(2), new PutOptions { ExpiresAfter = TimeSpan.FromMinutes(1) }).Cid;
        clock.Advance(TimeSpan.FromDays(2));
        var everything = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
        CollectResult kept = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero, DryRun = true });
        Assert.Empty(store.Retention.Collect(everything).Collected);
        Assert.Equal([KeepKind.NotCopied], kept.Kept.Single(each => each.Cid == one).Reasons.Select(reason => reason.Kind).Distinct());
        Assert.Empty(store.Retention.RemoveExpired().Removed);
        Assert.True(store.Contains(one) && store.Contains(two));
        _ = store.Places.CopyBacklog("cold");
        Assert.Equal([two], store.Retention.RemoveExpired().Removed);
        _ = store.Retention.Collect(everything);
        Assert.False(store.Contains(one));
        Assert.True(store.Places.Prove(one, "cold") && store.Places.Prove(two, "cold"));
    }

    [Fact]
    public void Block_in_the_backlog_is_removed_by_force_alone()
    {
        using CidStore store = Open(PlaceWrite.Back);
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        RemoveResult kept = store.Retention.Remove([cid]);
        Assert.Equal(["it is to be copied to 'cold' first"], kept.Kept.Single().Reasons.Select(reason => $"{reason}"));
        Assert.Equal([KeepKind.NotCopied], store.Retention.GetReasons(cid).Select(reason => reason.Kind));
        Assert.True(store.Contains(cid));
        Assert.Equal([cid], store.Retention.Remove([cid], force: true).Removed);
        _ = store.Places.CopyBacklog("cold");
        Assert.False(store.Places.Prove(cid, "cold"));
    }

    [Fact]
    public void Store_that_evicts_has_no_place_that_takes_every_block()
    {
        using CidStore ring = CidStore.Open(_here.Directory,
            new CidStoreOptions { Capacity = 32 << 20, SegmentSize = 1 << 20, Retention = RetentionMode.Ring });
        var place = new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/", Write = PlaceWrite.Back };
        Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() => ring.Places.Add(place)).Code);
    }

    [Fact]
    public void Gateway_is_no_place_that_takes_every_block()
    {
        using CidStore store = Stores.Open(_here);
        var place = new BlockPlace { Name = "web", Location = "http://127.0.0.1:1/", Write = PlaceWrite.Back };
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ArrowCidException>(() => store.Places.Add(place)).Code);
    }

    [Fact]
    public async Task Blocks_of_every_handle_are_copied_while_it_runs_and_what_was_there_before()
    {
        using CidStore store = Open(PlaceWrite.Back), other = Stores.Open(_here);
        Cid before = store.Put(Stores.Numbers(1)).Cid;
        using var watch = new CopyWatch(store);
        Task running = store.Places.WriteBackAsync(watch.Options, watch.End);
        await watch.Copied(before);
        Cid own = store.Put(Stores.Numbers(2)).Cid;
        await watch.Copied(own);
        Cid others = other.Put(Stores.Numbers(3)).Cid, raw = other.PutRaw("raw"u8.ToArray()).Cid;
        await watch.Copied(others);
        await watch.Copied(raw);
        watch.Cancel();
        await running;
        Assert.Equal(0, store.Places.GetUsage("cold").BacklogBlocks);
        Assert.All(new[] { before, own, others, raw }, cid => Assert.True(store.Places.Prove(cid, "cold")));
    }

    [Fact]
    public async Task Place_that_fails_is_tried_again_and_gets_what_was_put_meanwhile()
    {
        using CidStore store = Open(PlaceWrite.Back);
        _isDown = true;
        using var watch = new CopyWatch(store);
        Task running = store.Places.WriteBackAsync(watch.Options, watch.End);
        (string place, ArrowCidException error) = await watch.FirstFailure;
        Assert.Equal(("cold", ErrorCode.Busy), (place, error.Code));
        Cid cid = store.Put(Stores.Numbers(1)).Cid;
        Assert.True(store.Places.GetUsage("cold").BacklogBlocks > 0);
        _isDown = false;
        await watch.Copied(cid);
        watch.Cancel();
        await running;
    }

    [Fact]
    public void Damaged_block_stays_in_the_backlog_and_all_others_are_copied()
    {
        using CidStore store = Open(PlaceWrite.Back);
        Cid[] cids = [.. Enumerable.Range(0, 5).Select(i => store.Put(Stores.Numbers(i, i)).Cid)];
        using (BatchLease lease = store.TryGet(cids[2])!) StoreDamage.Flip(lease);
        Assert.Equal(ErrorCode.BlockCorrupt, Assert.Throws<ArrowCidException>(() => store.Places.CopyBacklog("cold")).Code);
        Assert.All(cids.Where(cid => cid != cids[2]), cid => Assert.True(store.Places.Prove(cid, "cold")));
        Assert.False(store.Places.Prove(cids[2], "cold"));
        Assert.Equal(1, store.Places.GetUsage("cold").BacklogBlocks);
        _ = store.Put(Stores.Numbers(2, 2));
        Assert.Equal(1, store.Places.CopyBacklog("cold").NewBlocks);
        Assert.Equal(0, store.Places.GetUsage("cold").BacklogBlocks);
    }

    [Fact]
    public void Full_store_with_a_backlog_refuses_puts_loses_nothing_and_goes_on_when_the_place_has_it()
    {
        _isDown = true;
        using CidStore store = Reopen();
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/", Write = PlaceWrite.Back });
        var put = new List<Cid>();
        byte[] bytes = new byte[600_000];
        ArrowCidException full = Assert.Throws<ArrowCidException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                new Random(i).NextBytes(bytes);
                put.Add(store.PutRaw(bytes).Cid);
            }
        });
        Assert.Equal(ErrorCode.StoreFull, full.Code);
        Assert.True(put.Count > 10);
        var everything = new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero };
        Assert.Empty(store.Retention.Collect(everything).Collected);
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => store.Places.CopyBacklog("cold")).Code);
        Assert.All(put, cid => Assert.True(store.Places.Prove(cid, BlockPlace.Here)));
        _isDown = false;
        Assert.True(store.Places.CopyBacklog("cold").NewBlocks >= put.Count);
        Assert.Equal(put.Count, store.Retention.Collect(everything).Collected.Count(each => put.Contains(each.Cid)));
        _ = store.Maintenance.Compact();
        Assert.True(store.PutRaw(bytes.AsSpan(1).ToArray()).IsNew);
        Assert.All(put, cid => Assert.True(store.Places.Prove(cid, "cold")));
    }

    [Fact]
    public void Two_processes_that_copy_the_backlog_send_no_block_twice()
    {
        using CidStore store = Open(PlaceWrite.Back), other = Reopen();
        for (int i = 0; i < 3000; i++) _ = store.PutRaw(BitConverter.GetBytes(i));
        int sent = 0;
        Parallel.Invoke(() => Copy(store), () => Copy(other));
        Assert.Equal(0, store.Places.GetUsage("cold").BacklogBlocks);
        Assert.Equal(3001, sent);

        void Copy(CidStore from) => Interlocked.Add(ref sent, from.Places.CopyBacklog("cold").NewBlocks);
    }

    [Fact]
    public void Earlier_tables_of_places_are_removed_as_expired_and_the_current_one_stays()
    {
        var clock = new ManualClock();
        using CidStore store = Open(PlaceWrite.None, clock);
        Cid first = store.Names.Resolve(StorePlaces.TableName)!.Value;
        store.Places.Add(new BlockPlace { Name = "warm", Location = "/srv/warm" });
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True(store.Places.Remove("warm"));
        Cid second = store.Names.Resolve(StorePlaces.TableName)!.Value;
        Assert.Equal(first, second);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(store.Retention.RemoveExpired().Removed);
        Assert.Equal("cold", Assert.Single(store.Places.List()).Name);
    }

    private CidStore Open(PlaceWrite write, TimeProvider? clock = null)
    {
        CidStore store = Reopen(clock);
        store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/", Write = write });
        return store;
    }

    private CidStore Reopen(TimeProvider? clock = null) => CidStore.Open(_here.Directory, new CidStoreOptions
    {
        Capacity = 32 << 20,
        SegmentSize = 1 << 20,
        Timeout = TimeSpan.FromSeconds(20),
        TimeProvider = clock ?? TimeProvider.System,
        OpenPlace = (location, isReadOnly) => _isDown
            ? throw new ArrowCidException(ErrorCode.Busy, "the place is down")
            : StorePlaces.OpenLocation(location, isReadOnly),
    });

    /// <summary>Waits for copies, which are looked at after each callback.</summary>
    private sealed class CopyWatch : IDisposable
    {
        private readonly CidStore _store;
        private readonly CancellationTokenSource _end = new();
        private readonly SemaphoreSlim _copied = new(0);
        private readonly TaskCompletionSource<(string, ArrowCidException)> _failed =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CopyWatch(CidStore store)
        {
            _store = store;
            Options = new WriteBackOptions
            {
                Delay = TimeSpan.FromMilliseconds(1),
                RetryAfter = TimeSpan.FromMilliseconds(1),
                Copied = (_, _) => _copied.Release(),
                Failed = (place, error) => _failed.TrySetResult((place, error)),
            };
        }

        public WriteBackOptions Options { get; }

        public CancellationToken End => _end.Token;

        public Task<(string Place, ArrowCidException Error)> FirstFailure => _failed.Task;

        public async Task Copied(Cid cid)
        {
            while (!_store.Metadata.Get(cid)!.Copies.Any(copy => copy.Place == "cold")) await _copied.WaitAsync(_end.Token);
        }

        public void Cancel() => _end.Cancel();

        public void Dispose()
        {
            _end.Cancel();
            _end.Dispose();
            _copied.Dispose();
        }
    }
}
