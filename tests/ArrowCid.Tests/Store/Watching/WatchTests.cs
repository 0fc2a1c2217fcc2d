using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Watching through the facade: what is announced, and how a watch waits and ends.</summary>
public sealed class WatchTests
{
    private static readonly CidStoreOptions s_small = new() { Capacity = 32 << 20, SegmentSize = 1 << 20 };

    [Fact]
    public void New_and_known_batches_are_announced_and_schemas_are_not()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        IEnumerable<StoreEvent> watch = store.Watch(Cursor.Now, new WatchOptions { Timeout = TimeSpan.Zero });
        PutResult first = store.Put(Batch(1));
        PutResult second = store.Put(Batch(2));
        _ = store.Put(Batch(1));
        List<StoreEvent> heard = watch.ToList();
        Assert.Equal([StoreEventKind.New, StoreEventKind.New, StoreEventKind.Repeated], heard.Select(a => a.Kind));
        Assert.Equal([first.Address, second.Address, first.Address], heard.Select(a => a.Address));
        Assert.Equal((first.Cid, first.SchemaCid, first.Rows, first.ByteLength),
            (heard[0].Cid, heard[0].SchemaCid, heard[0].Rows, heard[0].ByteLength));
        // The schema is the first record.
        Assert.Equal([2, 3, 4], heard.Select(a => (int)a.Sequence));
        Assert.All(heard, a => Assert.Equal((0, null), (a.Lane, a.Gap)));
        Assert.Equal(store.List().Select(block => block.Time), heard.Take(2).Select(a => a.Time));
        Assert.Equal(heard.Skip(1), store.Watch(heard[0].Cursor, new WatchOptions { Timeout = TimeSpan.Zero }));
        Assert.Equal(heard, watch);
    }

    [Fact]
    public void Watch_takes_null_and_a_token()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => store.Watch(Cursor.Now, null, cancel.Token).ToList());
    }

    [Fact]
    public void A_schema_and_raw_bytes_put_again_are_not_announced()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        using BlockStore blocks = directory.Open();
        for (int i = 0; i < 2; i++)
        {
            byte[] bytes = StoreCalls.Numbered(1);
            _ = blocks.Put(RecordKind.Schema, 0x55, new BytesSource(bytes), Sha256.Hash(bytes), 0, default, out _);
            _ = blocks.PutRaw(StoreCalls.Numbered(2));
            // Raw bytes that name a schema all the same.
            _ = blocks.Put(RecordKind.Raw, 0x55, new BytesSource([7]), Sha256.Hash(bytes), 0, default, out _);
        }

        Assert.Empty(store.Watch(Cursor.Oldest, new WatchOptions { Timeout = TimeSpan.Zero }));
    }

    [Fact]
    public void A_gap_comes_as_an_announcement_before_everything_that_is_there()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        PutResult put = store.Put(Batch(1));
        var foreign = Cursor.Parse("c1.0f0e0d0c0b0a09080706050403020100.0-5-00000000");
        List<StoreEvent> heard = store.Watch(foreign, new WatchOptions { Timeout = TimeSpan.Zero }).ToList();
        Assert.Equal([StoreEventKind.Gap, StoreEventKind.New], heard.Select(a => a.Kind));
        Assert.Equal(GapReason.OtherStore, heard[0].Gap!.Reason);
        Assert.Equal(put.Cid, heard[1].Cid);
        Assert.Equal([put.Cid], store.Watch(heard[0].Cursor, new WatchOptions { Timeout = TimeSpan.Zero }).Select(a => a.Cid));
    }

    [Fact]
    public async Task A_store_that_is_disposed_ends_its_watches()
    {
        using var directory = new TemporaryStore();
        CidStore store = CidStore.Open(directory.Directory, s_small);
        PutResult put = store.Put(Batch(1));
        var heard = new CountdownEvent(6);
        Task<int>[] watches =
        [
            .. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
                () => store.Watch(Cursor.Oldest).Count(_ => heard.Signal() || true), TaskCreationOptions.LongRunning)),
            .. Enumerable.Range(0, 3).Select(async _ =>
            {
                int count = 0;
                await foreach (StoreEvent announcement in store.WatchAsync(Cursor.Oldest))
                {
                    Assert.Equal(put.Cid, announcement.Cid);
                    heard.Signal();
                    count++;
                }

                return count;
            }),
        ];
        Assert.True(heard.Wait(TimeSpan.FromMinutes(1)));
        store.Dispose();
        int[] counts = await Task.WhenAll(watches).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.All(counts, count => Assert.Equal(1, count));
        Assert.Throws<ObjectDisposedException>(() => store.Watch(Cursor.Now));
        Assert.Throws<ObjectDisposedException>(() => store.WatchAsync(Cursor.Now));
    }

    [Fact]
    public async Task A_watch_that_is_cancelled_says_so()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        _ = store.Put(Batch(1));
        using var cancel = new CancellationTokenSource();
        var heard = new CountdownEvent(2);
        Task blocking = Task.Factory.StartNew(() =>
        {
            foreach (StoreEvent _ in store.Watch(Cursor.Oldest, null, cancel.Token)) heard.Signal();
        }, TaskCreationOptions.LongRunning);
        async Task Async()
        {
            await foreach (StoreEvent _ in store.WatchAsync(Cursor.Oldest, cancellationToken: cancel.Token)) heard.Signal();
        }

        Task asynchronous = Async();
        Assert.True(heard.Wait(TimeSpan.FromMinutes(1)));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asynchronous);
    }

    [Fact]
    public async Task A_reader_that_has_no_word_to_wait_for_polls()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        File.Delete(directory.PathOf("wait.v1"));
        using CidStore reader = CidStore.Open(directory.Directory, new CidStoreOptions { ReadOnly = true });
        Task<List<StoreEvent>> blocking = Task.Factory.StartNew(
            () => reader.Watch(Cursor.Oldest).Take(20).ToList(), TaskCreationOptions.LongRunning);
        Task<int> asynchronous = Task.Run(async () =>
        {
            int count = 0;
            await foreach (StoreEvent _ in reader.WatchAsync(Cursor.Oldest))
            {
                if (++count == 20) break;
            }

            return count;
        });
        for (int i = 0; i < 20; i++)
        {
            _ = store.Put(Batch(i));
            Pause(new Random(i), 100_000);
        }

        Assert.Equal(20, (await blocking.WaitAsync(TimeSpan.FromMinutes(1))).Select(a => a.Cid).Distinct().Count());
        Assert.Equal(20, await asynchronous.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    /// <summary>A producer waits until both watchers have heard of each put, and all pause at random, so that every put
    /// meets them on their way to sleep. Sleeps have no end of their own here: a wake-up that is lost is one that the test
    /// never comes back from.</summary>
    [Fact]
    public async Task No_wake_up_is_lost()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("ARROWCID_SEED"), out int given) ? given : 7;
        const int Puts = 4000;
        using var directory = new TemporaryStore();
        using BlockStore producer = directory.Open();
        using BlockStore watcher = directory.Open(new StoreSettings { ReadOnly = true });
        Assert.True(watcher.Signal.CanSleep);
        watcher.Signal.Backstop = TimeSpan.FromHours(1);
        var heard = new int[2];
        async Task<int> Follow(int number, bool isAsync)
        {
            using LogReader tail = watcher.Tail(Cursor.Oldest);
            var pause = new LogPause(watcher.Signal);
            var random = new Random(seed + number);
            int slept = 0;
            while (heard[number] < Puts)
            {
                if (tail.TryNext(out _))
                {
                    pause.Reset();
                    Volatile.Write(ref heard[number], heard[number] + 1);
                    Pause(random, 20_000);
                }
                else
                {
                    Pause(random, 500);
                    if (pause.LooksAgain()) continue;
                    slept++;
                    Pause(random, 500);
                    if (isAsync) await pause.SleepAsync();
                    else pause.Sleep(TimeSpan.MaxValue);
                }
            }

            return slept;
        }

        Task<int> blocking = Task.Factory.StartNew(() => Follow(0, false), TaskCreationOptions.LongRunning).Unwrap();
        Task<int> asynchronous = Task.Run(() => Follow(1, true));
        Task<bool> putting = Task.Factory.StartNew(() =>
        {
            var random = new Random(seed);
            for (int i = 0; i < Puts; i++)
            {
                _ = producer.PutRaw(BitConverter.GetBytes(i));
                bool isHeard = SpinWait.SpinUntil(
                    () => Volatile.Read(ref heard[0]) > i && Volatile.Read(ref heard[1]) > i, TimeSpan.FromMinutes(1));
                if (!isHeard) return false;
                Pause(random, 20_000);
            }

            return true;
        }, TaskCreationOptions.LongRunning);
        Assert.True(await putting, $"seed {seed}: put {heard.Min()} woke only {string.Join(", ", heard)}");
        Assert.True(await blocking > 100, $"seed {seed}: the blocking watcher hardly ever slept");
        Assert.True(await asynchronous > 100, $"seed {seed}: the asynchronous watcher hardly ever slept");
    }

    private static void Pause(Random random, int most)
    {
        if (random.Next(4) != 0) Thread.SpinWait(random.Next(random.Next(1, most)));
        else Thread.Yield();
    }

    private static RecordBatch Batch(int number) =>
        RecordBatch.Of(("n", ArrowArray.From<int>(new[] { number, number + 1, number + 2 })));
}
