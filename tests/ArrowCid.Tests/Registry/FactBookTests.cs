using ArrowCid.Memory;
using ArrowCid.Registry;

namespace ArrowCid.Tests.Registry;

/// <summary>Facts folded in any order, and as often as one likes, give what the heap of them says.</summary>
public class FactBookTests
{
    private const ulong Now = 1_700_000_000_000_000_000;

    public static int Rounds => Environment.GetEnvironmentVariable("ARROWCID_LONG") == "1" ? 20_000 : 400;

    [Fact]
    public void Facts_reordered_and_repeated_give_the_same_registry_as_a_dictionary_of_all_of_them()
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            var facts = new RandomFacts(seed);
            var random = new Random(seed);
            List<FactGroup> groups = [.. Enumerable.Range(0, random.Next(40)).Select(_ => facts.Group())];
            List<Announced> announced = [.. Enumerable.Range(0, random.Next(20)).Select(_ => facts.Announced())];
            string expected = SlowBook.Of(groups, announced);
            for (int order = 0; order < 3; order++)
            {
                string actual = SlowBook.Of(Fold(groups, announced, random, hasRepeats: order > 0));
                Assert.True(expected == actual, $"seed {seed}, order {order}\nexpected\n{expected}\nactual\n{actual}");
            }
        }
    }

    [Fact]
    public void What_is_read_between_changes_nothing()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var facts = new RandomFacts(seed);
            List<FactGroup> groups = [.. Enumerable.Range(0, 30).Select(_ => facts.Group())];
            var book = new RegistryState();
            for (int count = 0; count < groups.Count; count++)
            {
                book.Apply(groups[count]);
                Assert.Equal(SlowBook.Of(groups[..(count + 1)], []), SlowBook.Of(book));
            }
        }
    }

    [Fact]
    public void A_drop_kills_what_lies_up_to_its_fence_and_nothing_behind_it()
    {
        var book = new RegistryState();
        Digest256 digest = RandomFacts.Digest(0);
        book.Announce(in digest, 2, 10, 5);
        Assert.True(book.Find(in digest)!.IsAlive);
        book.Apply(new FactGroup(new FactStamp(1, 1), [new DropFact([0, 0, 10], [digest])]));
        BlockState page = book.Find(in digest)!;
        Assert.Equal((false, true, false, true), (page.IsAlive, page.IsKilled(2, 10), page.IsKilled(2, 11), page.IsDropped));
        // A lane that the fence does not name had nothing when it was taken.
        Assert.False(page.IsKilled(3, 1));
        book.Announce(in digest, 3, 1, 6);
        Assert.True(page.IsAlive);
        book.Apply(new FactGroup(new FactStamp(2, 1), [new DropFact([0, 0, 0, 1], [digest])]));
        Assert.Equal((false, true, true), (page.IsAlive, page.IsKilled(2, 10), page.IsKilled(3, 1)));
        book.Announce(in digest, 2, 11, 6);
        Assert.True(page.IsAlive);
    }

    [Fact]
    public void A_name_stands_as_of_any_time()
    {
        var book = new RegistryState();
        DateTimeOffset start = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);
        FactStamp? previous = null;
        for (int second = 0; second < 10; second++)
        {
            var stamp = new FactStamp((ulong)start.AddSeconds(second).ToUnixTimeMilliseconds() << 16 | 7, 9);
            Cid? target = second == 5 ? null : RandomFacts.Block(second);
            book.Apply(new FactGroup(stamp, [new NameFact("n", target, previous)]));
            previous = stamp;
        }

        NameLog log = book.FindName("n")!;
        Assert.Null(log.At(FactStamp.LastTime(start.AddMilliseconds(-1))));
        Assert.Null(log.At(FactStamp.LastTime(DateTimeOffset.MinValue)));
        Assert.Equal(RandomFacts.Block(0), log.At(FactStamp.LastTime(start))!.Value.Target);
        Assert.Equal(RandomFacts.Block(4), log.At(FactStamp.LastTime(start.AddSeconds(4.999)))!.Value.Target);
        Assert.Null(log.At(FactStamp.LastTime(start.AddSeconds(5)))!.Value.Target);
        Assert.Equal(RandomFacts.Block(9), log.At(FactStamp.LastTime(DateTimeOffset.MaxValue))!.Value.Target);
        Assert.DoesNotContain(log.History(), change => change.IsConflict);
    }

    [Fact]
    public void Two_changes_that_replace_one_are_listed_as_a_conflict_and_the_later_stands()
    {
        var book = new RegistryState();
        FactStamp first = new(1 << 16, 1), mine = new(2 << 16, 1), theirs = new(2 << 16, 2);
        book.Apply(new FactGroup(theirs, [new NameFact("n", RandomFacts.Block(2), first)]));
        book.Apply(new FactGroup(mine, [new NameFact("n", RandomFacts.Block(1), first)]));
        book.Apply(new FactGroup(first, [new NameFact("n", RandomFacts.Block(0), null)]));
        NameLog log = book.FindName("n")!;
        Assert.Equal([false, true, true], log.History().Select(change => change.IsConflict));
        Assert.Equal(RandomFacts.Block(2), log.Last.Target);
        Assert.Equal(["n"], book.NamesOf(RandomFacts.Digest(2)));
        Assert.Empty(book.NamesOf(RandomFacts.Digest(1)));
    }

    private static RegistryState Fold(List<FactGroup> groups, List<Announced> announced, Random random, bool hasRepeats)
    {
        var book = new RegistryState();
        List<object> steps = [.. groups, .. announced.Cast<object>()];
        if (hasRepeats) steps.AddRange(steps[..random.Next(steps.Count + 1)]);
        object[] shuffled = [.. steps];
        random.Shuffle(shuffled);
        foreach (object step in shuffled)
        {
            if (step is FactGroup group) book.Apply(FactWriter.Write([group], out _), Now, 0, 0);
            else if (step is Announced put) book.Announce(put.Digest, put.Lane, put.Sequence, put.Nanoseconds);
        }

        Assert.Equal(0, book.FaultCount);
        return book;
    }
}
