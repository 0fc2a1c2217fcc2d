using ArrowCid.Registry;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Store;

public class NameTests
{
    [Fact]
    public void A_name_is_swapped_only_from_what_is_expected()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid, two = store.Put(Stores.Numbers(2)).Cid;
        Assert.Equal(ErrorCode.NameConflict, Refused(() => store.Names.Set("n", two, one)));
        Assert.Equal(ErrorCode.NameConflict, Refused(() => store.Names.Set("n", null, one)));
        NameChange first = store.Names.Set("n", one, null);
        Assert.Equal((one, "n"), (first.Cid!.Value, first.Name));
        Assert.Equal(ErrorCode.NameExists, Refused(() => store.Names.Set("n", two, null)));
        Assert.Equal(ErrorCode.NameConflict, Refused(() => store.Names.Set("n", two, two)));
        _ = store.Names.Set("n", two, one);
        Assert.Equal(two, store.Names.Resolve("n"));
        _ = store.Names.Set("n", null, two);
        Assert.Null(store.Names.Resolve("n"));
        Assert.Empty(store.Names.List());
        _ = store.Names.Set("n", one, null);
        Assert.True(store.Names.Remove("n"));
        Assert.False(store.Names.Remove("n"));
        Assert.False(store.Names.Remove("never"));
        Assert.Equal([one, two, null, one, null], store.Names.GetHistory("n").Select(change => change.Cid));
        Assert.DoesNotContain(store.Names.GetHistory("n"), change => change.IsConflict);
        Assert.Empty(store.Names.GetHistory("never"));
    }

    [Fact]
    public void A_refusal_says_what_the_name_stands_for()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid;
        _ = store.Names.Set("prices", one);
        var e = Assert.Throws<ArrowCidException>(() => store.Names.Set("prices", one, null));
        Assert.Contains($"'prices' is taken: it points to {one}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_is_what_it_was_at_any_time_and_remembers_across_handles()
    {
        using var folder = new TemporaryStore();
        Cid one, two;
        NameChange first, second;
        using (CidStore store = Stores.Open(folder))
        {
            one = store.Put(Stores.Numbers(1)).Cid;
            two = store.Put(Stores.Numbers(2)).Cid;
            first = store.Names.Set("n", one);
            // Of two changes at one time the name is the later one.
            SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > first.Time.AddMilliseconds(2));
            second = store.Names.Set("n", two);
        }

        using CidStore again = Stores.Open(folder);
        Assert.Null(again.Names.Resolve("n", first.Time.AddMilliseconds(-1)));
        Assert.Equal(one, again.Names.Resolve("n", first.Time));
        Assert.Equal(two, again.Names.Resolve("n", second.Time));
        Assert.Equal(two, again.Names.Resolve("n", DateTimeOffset.MaxValue));
        Assert.Null(again.Names.Resolve("n", DateTimeOffset.MinValue));
        NameChange third = again.Names.Set("n", one, two);
        Assert.NotEqual(first.Writer, third.Writer);
        IReadOnlyList<NameChange> history = again.Names.GetHistory("n");
        Assert.Equal((first, second, third), (history[0], history[^2], history[^1]));
        Assert.Equal([third], again.Names.List());
    }

    [Fact]
    public void Swaps_by_eight_threads_of_two_handles_lose_nothing()
    {
        const int Threads = 8, Each = 25;
        using var folder = new TemporaryStore();
        using CidStore one = Stores.Open(folder), other = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, (Threads * Each) + 1).Select(number => one.Put(Stores.Numbers(number)).Cid)];
        _ = one.Names.Set("counter", cids[0]);
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            CidStore store = thread % 2 == 0 ? one : other;
            for (int count = 0; count < Each;)
            {
                Cid now = store.Names.Resolve("counter")!.Value;
                try
                {
                    _ = store.Names.Set("counter", cids[Array.IndexOf(cids, now) + 1], now);
                    count++;
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.NameConflict)
                {
                    // Another thread was first.
                }
            }
        });
        Assert.Equal(cids.Select(cid => (Cid?)cid), one.Names.GetHistory("counter").Select(change => change.Cid));
        Assert.DoesNotContain(one.Names.GetHistory("counter"), change => change.IsConflict);
    }

    private static ErrorCode Refused(Action call) => Assert.Throws<ArrowCidException>(call).Code;
}
