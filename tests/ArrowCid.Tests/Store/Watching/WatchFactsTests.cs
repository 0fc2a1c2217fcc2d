using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

public class WatchFactsTests
{
    private static readonly WatchOptions s_facts = new() { WithMetadata = true, Timeout = TimeSpan.Zero };

    [Fact]
    public void A_watcher_hears_what_was_said_with_each_put_and_of_nothing_else()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        Cid one = store.Put(Stores.Numbers(1), new PutOptions
        {
            Tags = new Dictionary<string, string?> { ["day"] = "monday", ["old"] = null },
            Producer = "p",
            Json = "{\"a\":1}",
        }).Cid;
        store.Metadata.Tag(one, "later", "no put");
        Cid two = store.Put(Stores.Numbers(2)).Cid;
        _ = store.Put(Stores.Numbers(1), new PutOptions { Producer = "q", Parents = [two], Pin = true });
        StoreEvent[] heard = [.. other.Watch(Cursor.Oldest, s_facts)];
        Assert.Equal([(StoreEventKind.New, one), (StoreEventKind.New, two), (StoreEventKind.Repeated, one)],
            heard.Select(each => (each.Kind, each.Cid)));
        BlockMetadata first = heard[0].Metadata!;
        Assert.Equal(new Dictionary<string, string?> { ["day"] = "monday", ["old"] = null }, first.Tags);
        Assert.Equal(("p", "{\"a\":1}"), (first.Producer, first.Json));
        Assert.Null(first.Parents);
        Assert.Null(heard[1].Metadata);
        Assert.Equal("q", heard[2].Metadata!.Producer);
        Assert.Equal([two], heard[2].Metadata!.Parents!);
        // A cursor taken before a put brings the put's facts; who does not ask for facts gets none.
        Assert.Equal("q", other.Watch(heard[1].Cursor, s_facts).Single().Metadata!.Producer);
        Assert.All(other.Watch(Cursor.Oldest, new WatchOptions { Timeout = TimeSpan.Zero }), each => Assert.Null(each.Metadata));
    }

    [Fact]
    public async Task An_entry_that_is_looked_up_for_an_announcement_has_what_was_said_with_it()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder), other = Stores.Open(folder);
        const int Count = 300;
        Task putting = Task.Run(() =>
        {
            for (int number = 0; number < Count; number++)
                _ = store.Put(Stores.Numbers(number), new PutOptions { Tags = new Dictionary<string, string?> { ["n"] = $"{number}" } });
        });
        int heard = 0;
        foreach (StoreEvent each in other.Watch(Cursor.Oldest, new WatchOptions { WithMetadata = true }))
        {
            Assert.Equal($"{heard}", each.Metadata!.Tags!["n"]);
            Assert.Equal($"{heard}", other.Metadata.Get(each.Cid)!.Tags["n"]);
            if (++heard == Count) break;
        }

        await putting;
    }
}
