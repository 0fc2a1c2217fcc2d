using System.Text;
using ArrowCid.Registry;
using ArrowCid.Tests.Storage;
using ArrowCid.Transfer.Backup;
using A = Apache.Arrow;

namespace ArrowCid.Tests.Store;

/// <summary>Cached results of calls.</summary>
public sealed class MemoTests : IDisposable
{
    private static readonly CollectOptions s_all = new() { Unreferenced = true, OlderThan = TimeSpan.Zero };

    private readonly TemporaryStore _folder = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Result_is_computed_once_and_found_by_another_handle()
    {
        using CidStore store = Stores.Open(_folder), other = Stores.Open(_folder);
        var memo = Memo.Open(store, "f", "2");
        CallKey key = memo.Key(new { day = "2026-11-20" });
        Assert.Null(memo.Find(key));
        int computed = 0;
        using (BatchLease first = await memo.GetOrComputeAsync(key, _ => Compute(1, 2, 3)))
            Assert.Equal(3, first.Address.Rows);
        using BatchLease second = await Memo.Open(other, "f", "2").GetOrComputeAsync(key, _ => Compute(9));
        Assert.Equal((3, 1), (second.Address.Rows, computed));
        MemoEntry entry = Assert.Single(memo.List());
        Assert.Equal((key, second.Cid, "f", "2"), (entry.Key, entry.Value, entry.Tags["fn"], entry.Tags["version"]));
        Assert.Null(Memo.Open(store, "f", "3").Find(Memo.Open(store, "f", "3").Key(new { day = "2026-11-20" })));

        Task<A.RecordBatch> Compute(params int[] values)
        {
            computed++;
            return Task.FromResult(Batch(values));
        }
    }

    [Fact]
    public async Task Callers_that_miss_together_compute_once()
    {
        using CidStore store = Stores.Open(_folder), other = Stores.Open(_folder);
        int computed = 0;
        var open = new TaskCompletionSource();
        Task<BatchLease>[] calls = [.. Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            var memo = Memo.Open(i % 2 == 0 ? store : other, "f");
            return await memo.GetOrComputeAsync(memo.Key(new { n = 1 }), async _ =>
            {
                Interlocked.Increment(ref computed);
                await open.Task;
                return Batch(7);
            });
        }))];
        open.SetResult();
        foreach (BatchLease lease in await Task.WhenAll(calls)) lease.Dispose();
        Assert.Equal(1, computed);
    }

    [Fact]
    public async Task Failed_computation_is_not_stored_and_lets_the_next_caller_compute()
    {
        using CidStore store = Stores.Open(_folder);
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 });
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() =>
            memo.GetOrComputeAsync(key, _ => throw new InvalidTimeZoneException()));
        Assert.Null(memo.Find(key));
        using BatchLease lease = await memo.GetOrComputeAsync(key, _ => Task.FromResult(Batch(1)));
        Assert.Equal(lease.Cid, memo.Find(key));
    }

    [Fact]
    public async Task Call_within_itself_is_refused_and_other_arguments_are_not()
    {
        using CidStore store = Stores.Open(_folder), other = Stores.Open(_folder);
        Memo memo = Memo.Open(store, "f"), second = Memo.Open(other, "g");
        ArrowCidException thrown = await Assert.ThrowsAsync<ArrowCidException>(() => Again(1));
        Assert.Equal(ErrorCode.InvalidArgument, thrown.Code);
        Assert.Contains("'f' calls itself with the same arguments", thrown.Message);
        // Nothing of it is left: the call can be computed.
        Assert.Equal("1", Encoding.UTF8.GetString(await Number(memo, 1, _ => Task.FromResult("1"))));
        thrown = await Assert.ThrowsAsync<ArrowCidException>(() => Number(memo, 2, _ =>
            Text(Task.Run(() => Number(second, 2, _ => Text(Number(memo, 2, _ => Task.FromResult("never"))))))));
        Assert.Contains("'f' calls itself", thrown.Message);
        Assert.Equal("5 4 3", Encoding.UTF8.GetString(await Down(5)));

        Task<byte[]> Again(int n) => Number(memo, n, async _ =>
        {
            await Task.Yield();
            return Encoding.UTF8.GetString(await Again(n));
        });

        Task<byte[]> Down(int n) => Number(memo, n, async _ =>
            n == 3 ? "3" : $"{n} {Encoding.UTF8.GetString(await Down(n - 1))}");

        static async Task<string> Text(Task<byte[]> bytes) => Encoding.UTF8.GetString(await bytes);

        static Task<byte[]> Number(Memo memo, int n, Func<CancellationToken, Task<string>> compute) =>
            memo.GetOrComputeBytesAsync(memo.Key(new { n }),
                async cancel => Encoding.UTF8.GetBytes(await compute(cancel)));
    }

    [Fact]
    public async Task Canceled_wait_for_another_caller_ends()
    {
        using CidStore store = Stores.Open(_folder);
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 });
        (_, MemoWork? work) = MemoTable.Begin(store, key, TimeSpan.Zero);
        using var cancel = new CancellationTokenSource();
        Task<BatchLease> waiting = memo.GetOrComputeAsync(key, _ => Task.FromResult(Batch(1)), null, cancel.Token);
        Assert.Equal(ErrorCode.Busy,
            Assert.Throws<ArrowCidException>(() => MemoTable.Begin(store, key, TimeSpan.Zero)).Code);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        work!.Dispose();
        work.Dispose();
        (_, MemoWork? next) = MemoTable.Begin(store, key, TimeSpan.Zero);
        next!.Dispose();
    }

    [Fact]
    public async Task Result_that_is_not_to_be_kept_is_computed_again_and_its_block_expires()
    {
        using CidStore store = Stores.Open(_folder);
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 });
        int computed = 0;
        foreach (MemoOptions options in new[] { new MemoOptions { KeepIf = _ => false }, new MemoOptions { TimeToLive = TimeSpan.Zero } })
        {
            using BatchLease lease = await memo.GetOrComputeAsync(key, _ => Task.FromResult(Batch(++computed)), options);
            Assert.Null(memo.Find(key));
        }

        Assert.Equal(2, computed);
        Assert.NotEmpty(store.Retention.Collect().Collected);
    }

    [Fact]
    public async Task Expired_result_is_none_and_is_collected_with_its_call()
    {
        using CidStore store = Open();
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 }), usual = memo.Key(new { n = 2 });
        (await memo.GetOrComputeAsync(key, _ => Task.FromResult(Batch(1)), new MemoOptions { TimeToLive = TimeSpan.FromHours(1) })).Dispose();
        (await memo.GetOrComputeAsync(usual, _ => Task.FromResult(Batch(2)))).Dispose();
        Cid value = memo.Find(key)!.Value, other = memo.Find(usual)!.Value;
        Assert.Equal(_clock.GetUtcNow().AddDays(30), memo.List().Single(each => each.Key!.Equals(usual)).Expires, TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Null(memo.Find(key));
        Assert.Equal(usual, Assert.Single(memo.List()).Key);
        CollectResult collected = store.Retention.Collect();
        Assert.Equal(new[] { key.Cid, value }.ToHashSet(), collected.Collected.Select(each => each.Cid).ToHashSet());
        Assert.Equal(other, memo.Find(usual));
        _clock.Advance(TimeSpan.FromDays(30));
        Assert.Null(memo.Find(usual));
        Assert.Equal(2, store.Retention.Collect().Collected.Count(each => each.Cid == usual.Cid || each.Cid == other));
    }

    [Fact]
    public void Result_keeps_call_and_value_with_all_that_it_needs_until_it_is_removed()
    {
        using CidStore store = Open();
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 });
        Cid[] batches = [store.Put(Stores.Numbers(1)).Cid, store.Put(Stores.Numbers(2)).Cid];
        Cid dataset = store.Datasets.Put(batches).Cid;
        foreach (Cid cid in batches.Append(dataset)) store.Metadata.SetExpiry(cid, _clock.GetUtcNow().AddHours(1));
        memo.Set(key, dataset, new MemoOptions { TimeToLive = TimeSpan.FromDays(90) });
        _clock.Advance(TimeSpan.FromDays(40));
        Assert.Empty(store.Retention.Collect(s_all).Collected);
        Assert.Equal(dataset, memo.Find(key));
        KeptBlock kept = Assert.Single(store.Retention.Remove([dataset]).Kept);
        Assert.Equal((KeepKind.Result, key.Cid), (kept.Reasons[0].Kind, kept.Reasons[0].By!.Value));
        Assert.Equal(KeepKind.Result, Assert.Single(store.Retention.Remove([key.Cid]).Kept).Reasons[0].Kind);
        Assert.True(memo.Remove(key));
        Assert.False(memo.Remove(key));
        Assert.Null(memo.Find(key));
        HashSet<Cid> gone = [.. store.Retention.Collect().Collected.Select(each => each.Cid)];
        Assert.Superset(batches.Append(dataset).ToHashSet(), gone);
        Assert.DoesNotContain(key.Cid, gone);
    }

    [Fact]
    public void Version_that_is_a_result_is_not_forgotten_until_the_result_ends()
    {
        using CidStore store = Open();
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 });
        Cid old = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Names.Set("n", old);
        memo.Set(key, old);
        _clock.Advance(TimeSpan.FromHours(2));
        _ = store.Names.Set("n", store.Put(Stores.Numbers(2)).Cid);
        var policy = new ForgetPolicy { KeepLast = 1 };
        ForgetVersion kept = store.Retention.Forget(["n"], policy).Versions.Single(version => version.Cid == old);
        Assert.False(kept.IsForgotten);
        Assert.Equal((KeepKind.Result, key.Cid), (kept.Reasons[0].Kind, kept.Reasons[0].By!.Value));
        Assert.Equal(old, memo.Find(key));
        Assert.True(memo.Remove(key));
        Assert.True(store.Retention.Forget(["n"], policy).Versions.Single(version => version.Cid == old).IsForgotten);
        Assert.False(store.Contains(old));
    }

    [Fact]
    public void Value_of_several_calls_stays_until_the_last_of_them_ends()
    {
        using CidStore store = Open();
        var memo = Memo.Open(store, "f");
        CallKey one = memo.Key(new { n = 1 }), other = memo.Key(new { n = 2 });
        Cid value = store.Put(Stores.Numbers(1), new PutOptions { ExpiresAfter = TimeSpan.FromMinutes(1) }).Cid;
        memo.Set(one, value, new MemoOptions { TimeToLive = TimeSpan.FromHours(1) });
        memo.Set(other, value, new MemoOptions { TimeToLive = TimeSpan.FromHours(3) });
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal([one.Cid], store.Retention.Collect().Collected.Select(each => each.Cid));
        Assert.Equal(value, memo.Find(other));
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Contains(value, store.Retention.Collect().Collected.Select(each => each.Cid));
    }

    [Fact]
    public void Results_survive_rebuild_checkpoint_compaction_and_backup()
    {
        CallKey key, removed;
        Cid value;
        using var copy = new TemporaryStore();
        using (CidStore store = Stores.Open(_folder))
        {
            var memo = Memo.Open(store, "f");
            (key, removed) = (memo.Key(new { n = 1 }), memo.Key(new { n = 2 }));
            value = store.Put(Stores.Numbers(1)).Cid;
            memo.Set(removed, value);
            memo.Set(key, value, new MemoOptions { Tags = new Dictionary<string, string> { ["form"] = "batch" } });
            Assert.True(memo.Remove(removed));
            Assert.True(store.Maintenance.Checkpoint());
            Check(store);
            Assert.Equal(KeepKind.Result, store.Retention.Remove([value]).Kept[0].Reasons[0].Kind);
            _ = store.Maintenance.Compact(maxLiveRatio: 1);
            Check(store);
            using var backup = new MemoryStream();
            _ = store.Transfer.Backup(backup);
            backup.Position = 0;
            using CidStore restored = Stores.Open(copy);
            _ = restored.Transfer.Restore(StoreBackup.Read([backup]));
            Check(restored);
        }

        foreach (string file in Directory.EnumerateFiles(_folder.Directory, "reg*")) File.Delete(file);
        using CidStore again = Stores.Open(_folder);
        Check(again);

        void Check(CidStore store)
        {
            var memo = Memo.Open(store, "f");
            Assert.Equal(value, memo.Find(key));
            Assert.Null(memo.Find(removed));
            MemoEntry entry = Assert.Single(memo.List());
            Assert.Equal((key, "batch"), (entry.Key, entry.Tags["form"]));
        }
    }

    [Fact]
    public async Task Results_are_removed_by_some_of_their_arguments()
    {
        using CidStore store = Stores.Open(_folder);
        Cid input = store.Put(Stores.Numbers(5)).Cid;
        foreach (string version in new[] { "1", "2" })
        {
            var memo = Memo.Open(store, "f", version);
            foreach (string day in new[] { "mon", "tue" })
                _ = await memo.GetOrComputeBytesAsync(memo.Key(new { day, n = 1, input }), _ => Bytes(day));
        }

        var other = Memo.Open(store, "g");
        _ = await other.GetOrComputeBytesAsync(other.Key(new { day = "mon" }), _ => Bytes("g"));
        var function = Memo.Open(store, "f");
        Assert.Equal(0, function.RemoveWhere([KeyValuePair.Create("day", (object?)"wed")]));
        Assert.Equal(2, function.RemoveWhere([KeyValuePair.Create("day", (object?)"mon"), KeyValuePair.Create("input", (object?)input)]));
        Assert.Equal(2, function.List().Count());
        Assert.Equal(2, function.RemoveWhere([]));
        Assert.Equal("g", Assert.Single(Memo.ListAll(store)).Key!.Function);
    }

    [Fact]
    public async Task Bytes_datasets_and_names_are_results_too()
    {
        using CidStore store = Stores.Open(_folder);
        var memo = Memo.Open(store, "f");
        Assert.Equal("abc"u8.ToArray(), await memo.GetOrComputeBytesAsync(memo.Key(new { n = 1 }), _ => Bytes("abc")));
        Assert.Equal("abc"u8.ToArray(), await memo.GetOrComputeBytesAsync(memo.Key(new { n = 1 }), _ => Bytes("other")));
        Cid dataset = await memo.GetOrComputeCidAsync(memo.Key(new { n = 2 }),
            _ => Task.FromResult(store.Datasets.Put([store.Put(Stores.Numbers(1)).Cid]).Cid), new MemoOptions { Name = "latest" });
        Assert.Equal(dataset, store.Names.Resolve("latest"));
        Assert.Equal(dataset, memo.Find(memo.Key(new { n = 2 })));
        Assert.Equal(ErrorCode.SchemaMismatch, Assert.Throws<ArrowCidException>(() => memo.TryGet(memo.Key(new { n = 2 }))).Code);
    }

    [Fact]
    public async Task Values_of_types_with_handlers_come_back_and_others_are_refused()
    {
        using CidStore store = Stores.Open(_folder);
        var memo = Memo.Open(store, "f");
        await Check(true);
        await Check(-7);
        await Check(1L << 40);
        await Check(0.1);
        await Check("text é");
        await Check(new byte[] { 1, 2 });
        await Check(new[] { 1.5, 2.5 });
        await Check(new[] { 1, 2, 3 });
        await Check(new Half[] { (Half)1 });
        Assert.Equal(ErrorCode.Unsupported, (await Assert.ThrowsAsync<ArrowCidException>(() => Get(new Uri("http://x/")))).Code);
        Assert.Equal(ErrorCode.Unsupported, (await Assert.ThrowsAsync<ArrowCidException>(() => Get(Array.Empty<uint>()))).Code);
        var handlers = new ContentHandlers();
        handlers.Register(new UriHandler());
        var options = new MemoOptions { Handlers = handlers };
        CallKey key = memo.Key(new { of = "uri" });
        for (int i = 0; i < 2; i++)
            Assert.Equal(new Uri("http://x/"), await memo.GetOrComputeValueAsync(key, _ => Task.FromResult(new Uri("http://x/")), options));
        Assert.Equal("uri", memo.Describe(key)!.Tags["form"]);
        Assert.Equal(ErrorCode.SchemaMismatch, (await Assert.ThrowsAsync<ArrowCidException>(() =>
            memo.GetOrComputeValueAsync(memo.Key(new { of = typeof(double).Name }), _ => Task.FromResult("text")))).Code);

        Task<T> Get<T>(T value) where T : notnull =>
            memo.GetOrComputeValueAsync(memo.Key(new { of = typeof(T).Name }), _ => Task.FromResult(value));

        async Task Check<T>(T value) where T : notnull
        {
            Assert.Equal(value, await Get(value));
            Assert.Equal(value, await memo.GetOrComputeValueAsync<T>(memo.Key(new { of = typeof(T).Name }), _ => throw new InvalidOperationException()));
        }
    }

    [Fact]
    public async Task Value_that_was_lost_is_computed_again()
    {
        using CidStore store = Stores.Open(_folder);
        var memo = Memo.Open(store, "f");
        CallKey key = memo.Key(new { n = 1 });
        Cid absent = Cid.FromSha256(Multicodec.Raw, default);
        Assert.Equal(ErrorCode.BlockNotFound, Assert.Throws<ArrowCidException>(() => memo.Set(key, absent)).Code);
        Assert.Null(memo.Find(key));
        using BatchLease lease = await memo.GetOrComputeAsync(key, _ => Task.FromResult(Batch(1)));
        Assert.Equal(lease.Cid, memo.Find(key));
    }

    [Fact]
    public void Ring_and_store_for_reading_refuse_results()
    {
        using (CidStore ring = CidStore.Open(_folder.Directory, new CidStoreOptions { Retention = RetentionMode.Ring, Capacity = 64 << 20 }))
        {
            var memo = Memo.Open(ring, "f");
            Assert.Equal(ErrorCode.Unsupported, Assert.Throws<ArrowCidException>(() =>
                memo.Set(memo.Key(new { n = 1 }), ring.Put(Stores.Numbers(1)).Cid)).Code);
        }

        using CidStore reader = CidStore.Open(_folder.Directory, new CidStoreOptions { ReadOnly = true });
        var read = Memo.Open(reader, "f");
        Assert.Throws<InvalidOperationException>(() => read.Remove(read.Key(new { n = 1 })));
    }

    private CidStore Open() => CidStore.Open(_folder.Directory, new CidStoreOptions { TimeProvider = _clock });

    private static Task<ReadOnlyMemory<byte>> Bytes(string text) =>
        Task.FromResult<ReadOnlyMemory<byte>>(System.Text.Encoding.UTF8.GetBytes(text));

    private static A.RecordBatch Batch(params int[] values) => new A.RecordBatch.Builder()
        .Append("n", false, new A.Int32Array.Builder().AppendRange(values).Build()).Build();

    private sealed class UriHandler : IContentHandler
    {
        public string Form => "uri";

        public bool CanHandle(Type type) => type == typeof(Uri);

        public StoredContent Store(CidStore store, object value)
        {
            PutResult put = store.PutRaw(System.Text.Encoding.UTF8.GetBytes(((Uri)value).AbsoluteUri));
            return new StoredContent(put.Cid, put.IsNew ? [put.Cid] : []);
        }

        public object? Load(CidStore store, Cid cid, Type type) =>
            store.Reading.ReadBlock(cid) is { } bytes ? new Uri(System.Text.Encoding.UTF8.GetString(bytes)) : null;
    }
}
