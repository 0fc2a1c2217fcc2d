using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

/// <summary>Many puts at once are what the same puts one by one are.</summary>
public sealed class PutManyTests
{
    [Theory]
    [InlineData(Durability.Periodic)]
    [InlineData(Durability.Always)]
    public void Many_are_equal_to_single_puts(Durability durability)
    {
        const int Seed = 7;
        using var first = new TemporaryStore();
        using var second = new TemporaryStore();
        StoreSettings settings = TemporaryStore.Small with { Durability = durability };
        using BlockStore singly = first.Open(settings);
        using BlockStore together = second.Open(settings);
        var random = new Random(Seed);
        for (int round = 0; round < 12; round++)
        {
            // New, known, and twice in one call; facts with some; sizes that a REF fits behind and that it does not.
            PutRequest[] requests = Enumerable.Range(0, random.Next(1, 400)).Select(_ => Request(random)).ToArray();
            var infos = new BlockInfo[requests.Length];
            var areNew = new bool[requests.Length];
            int newOnes = together.PutMany(requests, infos, areNew);
            Assert.Equal(areNew.Count(isNew => isNew), newOnes);
            for (int i = 0; i < requests.Length; i++)
            {
                bool isNew = singly.Put(in requests[i], out BlockInfo info);
                Assert.True(isNew == areNew[i], $"seed {Seed}, round {round}, block {i}: new {areNew[i]}");
                Assert.Equal(info with { Time = default }, infos[i] with { Time = default });
            }
        }

        Assert.Equal(singly.Listing.List().Select(info => info.Digest).Order(Comparer), together.Listing.List()
            .Select(info => info.Digest).Order(Comparer));
        Assert.Equal(Announced(singly).Order(), Announced(together).Order());
    }

    [Fact]
    public void Many_fill_segment_after_segment_and_large_ones_stand_beside()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        byte[][] blocks = Enumerable.Range(0, 60)
            .Select(i => StoreCalls.Numbered(i, i == 30 ? 1_500_000 : 100_000)).ToArray();
        Assert.Equal(60, store.PutMany(blocks.Select(Raw).ToArray(), new BlockInfo[60]));
        Assert.All(blocks, block => Assert.Equal(block, store.Read(Sha256.Hash(block))));
        Assert.Equal(0, store.PutMany(blocks.Select(Raw).ToArray(), new BlockInfo[60]));
        using LogReader tail = store.Tail(Cursor.Oldest);
        List<string> told = FactChainTests.Tell(tail);
        Assert.Equal(60, told.Count(line => line.EndsWith("Raw", StringComparison.Ordinal)));
        Assert.Equal(60, told.Count(line => line.EndsWith("Ref", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_source_that_throws_ends_the_call_and_keeps_what_came_before()
    {
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open();
        PutRequest[] requests = Enumerable.Range(0, 9).Select(i => Raw(StoreCalls.Numbered(i))).ToArray();
        requests[4] = requests[4] with
        {
            Source = new ActingSource(StoreCalls.Numbered(4), () => throw new InvalidDataException("broken")),
        };
        // Another thread's place behind them, so that theirs become PAD.
        requests[3] = requests[3] with
        {
            Source = new ActingSource(StoreCalls.Numbered(3), () => Task.Run(() =>
            {
                using var reached = new ManualResetEventSlim();
                var late = new ActingSource(StoreCalls.Numbered(77), reached.Set);
                _ = Task.Run(() => store.Put(RecordKind.Raw, 0x55, late, default, 0, default, out _));
                reached.Wait();
            }).Wait()),
        };
        Assert.Throws<InvalidDataException>(() => store.PutMany(requests, new BlockInfo[9]));
        Assert.True(SpinWait.SpinUntil(() => store.Read(Sha256.Hash(StoreCalls.Numbered(77))) is not null, 60_000));
        for (int i = 0; i < 9; i++)
        {
            byte[]? there = store.Read(Sha256.Hash(StoreCalls.Numbered(i)));
            Assert.True((there is not null) == (i < 4), $"block {i}");
        }

        _ = store.PutRaw(StoreCalls.Numbered(50));
        using LogReader tail = store.Tail(Cursor.Oldest);
        Assert.Equal(6, FactChainTests.Tell(tail).Count);
    }

    private static Comparer<Digest256> Comparer { get; } =
        Comparer<Digest256>.Create((one, other) => string.CompareOrdinal(one.ToString(), other.ToString()));

    private static List<string> Announced(BlockStore store)
    {
        using LogReader tail = store.Tail(Cursor.Oldest, TailScope.All);
        var told = new List<string>();
        while (tail.TryNext(out LogEvent found))
        {
            Assert.Null(found.Gap);
            // A PAD takes a number, and where one is needed depends on what else is on its way.
            told.Add($"{found.Record.RecordKind} {found.Record.Digest} {found.Record.Codec}");
        }

        return told;
    }

    private static PutRequest Raw(byte[] bytes) =>
        new(RecordKind.Raw, 0x55, new BytesSource(bytes), default, 0, default);

    private static PutRequest Request(Random random)
    {
        int number = random.Next(1500);
        TextFact? fact = random.Next(4) == 0 ? new TextFact($"of {number}") : null;
        return Raw(StoreCalls.Numbered(number, 20 + (number % 300))) with { Facts = fact };
    }
}
