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
        Assert.Equal(ErrorCode.NameConflict, Refused(() => store.SetName("n", two, one)));
        Assert.Equal(ErrorCode.NameConflict, Refused(() => store.SetName("n", null, one)));
        NameChange first = store.SetName("n", one, null);
        Assert.Equal((one, "n"), (first.Cid!.Value, first.Name));
        Assert.Equal(ErrorCode.NameExists, Refused(() => store.SetName("n", two, null)));
        Assert.Equal(ErrorCode.NameConflict, Refused(() => store.SetName("n", two, two)));
        _ = store.SetName("n", two, one);
        Assert.Equal(two, store.ResolveName("n"));
        _ = store.SetName("n", null, two);
        Assert.Null(store.ResolveName("n"));
        Assert.Empty(store.Names());
        _ = store.SetName("n", one, null);
        Assert.True(store.RemoveName("n"));
        Assert.False(store.RemoveName("n"));
        Assert.False(store.RemoveName("never"));
        Assert.Equal([one, two, null, one, null], store.NameHistory("n").Select(change => change.Cid));
        Assert.DoesNotContain(store.NameHistory("n"), change => change.IsConflict);
        Assert.Empty(store.NameHistory("never"));
    }

    [Fact]
    public void A_refusal_says_what_the_name_stands_for()
    {
        using var folder = new TemporaryStore();
        using CidStore store = Stores.Open(folder);
        Cid one = store.Put(Stores.Numbers(1)).Cid;
        _ = store.SetName("prices", one);
        var e = Assert.Throws<ArrowCidException>(() => store.SetName("prices", one, null));
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
            first = store.SetName("n", one);
            // Of two changes at one time the name is the later one.
            SpinWait.SpinUntil(() => DateTimeOffset.UtcNow > first.Time.AddMilliseconds(2));
            second = store.SetName("n", two);
        }

        using CidStore again = Stores.Open(folder);
        Assert.Null(again.ResolveName("n", first.Time.AddMilliseconds(-1)));
        Assert.Equal(one, again.ResolveName("n", first.Time));
        Assert.Equal(two, again.ResolveName("n", second.Time));
        Assert.Equal(two, again.ResolveName("n", DateTimeOffset.MaxValue));
        Assert.Null(again.ResolveName("n", DateTimeOffset.MinValue));
        NameChange third = again.SetName("n", one, two);
        Assert.NotEqual(first.Writer, third.Writer);
        IReadOnlyList<NameChange> history = again.NameHistory("n");
        Assert.Equal((first, second, third), (history[0], history[^2], history[^1]));
        Assert.Equal([third], again.Names());
    }

    [Fact]
    public void Swaps_by_eight_threads_of_two_handles_lose_nothing()
    {
        const int Threads = 8, Each = 25;
        using var folder = new TemporaryStore();
        using CidStore one = Stores.Open(folder), other = Stores.Open(folder);
        Cid[] cids = [.. Enumerable.Range(0, (Threads * Each) + 1).Select(number => one.Put(Stores.Numbers(number)).Cid)];
        _ = one.SetName("counter", cids[0]);
        Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, thread =>
        {
            CidStore store = thread % 2 == 0 ? one : other;
            for (int count = 0; count < Each;)
            {
                Cid now = store.ResolveName("counter")!.Value;
                try
                {
                    _ = store.SetName("counter", cids[Array.IndexOf(cids, now) + 1], now);
                    count++;
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.NameConflict)
                {
                    // Another thread was first.
                }
            }
        });
        Assert.Equal(cids.Select(cid => (Cid?)cid), one.NameHistory("counter").Select(change => change.Cid));
        Assert.DoesNotContain(one.NameHistory("counter"), change => change.IsConflict);
    }

    private static ErrorCode Refused(Action call) => Assert.Throws<ArrowCidException>(call).Code;
}
