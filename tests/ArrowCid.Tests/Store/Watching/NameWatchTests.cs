using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

/// <summary>Watching the changes of names.</summary>
public sealed class NameWatchTests
{
    private static readonly CidStoreOptions s_small = new() { Capacity = 32 << 20, SegmentSize = 1 << 20 };

    [Fact]
    public void Changes_of_matching_names_are_announced_with_old_and_new_block()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        Cid one = store.PutRaw(new byte[] { 1 }).Cid, two = store.PutRaw(new byte[] { 2 }).Cid;
        IEnumerable<StoreEvent> watch = store.Watch(Cursor.Now, Names("prices/*"));
        _ = store.Names.Set("prices/a", one);
        _ = store.Names.Set("other", one);
        _ = store.Names.Set("prices/a", two);
        Assert.True(store.Names.Remove("prices/a"));
        _ = store.PutRaw(new byte[] { 3 });
        List<StoreEvent> heard = watch.ToList();
        Assert.Equal([(null, one), (one, two), (two, null)], heard.Select(each => (each.OldCid, each.NewCid)));
        Assert.All(heard, each => Assert.Equal((StoreEventKind.Name, "prices/a"), (each.Kind, each.Name)));
        Assert.Equal(heard.Skip(1), store.Watch(heard[0].Cursor, Names("*")).Where(each => each.Name != "other"));
        Assert.Equal(["prices/a", "other", "prices/a", "prices/a"], store.Watch(Cursor.Oldest, Names("*")).Select(each => each.Name));
        Assert.Empty(store.Watch(Cursor.Oldest, new WatchOptions { Timeout = TimeSpan.Zero }));
    }

    [Fact]
    public void Puts_and_names_come_together_where_both_are_asked_for()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        var both = new WatchOptions { Timeout = TimeSpan.Zero, Names = "*" };
        IEnumerable<StoreEvent> watch = store.Watch(Cursor.Now, both);
        Cid cid = store.Put(Transfer.Rows.Csv("a\n1\n")[0]).Cid;
        _ = store.Names.Set("a", cid);
        // What gets a name is announced again.
        Assert.Equal([StoreEventKind.New, StoreEventKind.Repeated, StoreEventKind.Name], watch.Select(each => each.Kind));
    }

    [Fact]
    public void Changes_are_announced_once_also_after_a_compaction()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        Cid cid = store.PutRaw(new byte[] { 1 }).Cid;
        _ = store.Names.Set("a", cid);
        IEnumerable<StoreEvent> watch = store.Watch(Cursor.Now, Names("*"));
        for (int i = 0; i < 200; i++) store.Metadata.Tag(cid, "k", $"{i}");
        _ = store.Maintenance.Compact();
        _ = store.Names.Set("b", cid);
        Assert.Equal(["b"], watch.Select(each => each.Name));
    }

    [Fact]
    public async Task Watch_that_does_not_block_hears_of_a_name()
    {
        using var directory = new TemporaryStore();
        using CidStore store = CidStore.Open(directory.Directory, s_small);
        Cid cid = store.PutRaw(new byte[] { 1 }).Cid;
        using var watchdog = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var options = new WatchOptions { Names = "a", WithPuts = false };
        await using IAsyncEnumerator<StoreEvent> watch = store.WatchAsync(Cursor.Now, options, watchdog.Token)
            .GetAsyncEnumerator(watchdog.Token);
        ValueTask<bool> next = watch.MoveNextAsync();
        _ = store.Names.Set("a", cid);
        Assert.True(await next);
        Assert.Equal(("a", cid), (watch.Current.Name, watch.Current.NewCid));
    }

    private static WatchOptions Names(string pattern) => new() { Timeout = TimeSpan.Zero, Names = pattern, WithPuts = false };
}
