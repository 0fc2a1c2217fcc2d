using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Tests.Storage;

public sealed class IndexGrowthTests
{
    private static StoreSettings From(int entries) => new()
    {
        Capacity = 64 << 20,
        SegmentSize = 4 << 20,
        Timeout = TimeSpan.FromSeconds(30),
        InitialIndexEntries = entries,
        TickInterval = TimeSpan.FromMilliseconds(5),
    };

    [Fact]
    public async Task The_index_grows_from_64_Ki_entries_under_lookups_that_never_miss()
    {
        const int Blocks = 100_000;
        using var directory = new TemporaryStore();
        using BlockStore store = directory.Open(From(1 << 16));
        using BlockStore other = directory.Open();
        var digests = new Digest256[Blocks];
        int done = 0;
        Task<int> lookups = Task.Run(() =>
        {
            int misses = 0;
            var random = new Random(1);
            while (Volatile.Read(ref done) < Blocks)
            {
                int known = Volatile.Read(ref done);
                if (known == 0) continue;
                using RecordLease? lease = other.Find(digests[random.Next(known)]);
                if (lease is null) misses++;
            }

            return misses;
        });
        for (int i = 0; i < Blocks; i++)
        {
            digests[i] = store.PutRaw(BitConverter.GetBytes(i));
            Volatile.Write(ref done, i + 1);
        }

        Assert.Equal(0, await lookups);
        StorageStatistics figures = store.Examination.GetStatistics();
        Assert.True(figures.IndexEntries >= 1 << 18, $"{figures.IndexEntries} entries");
        Assert.All(digests, digest => Assert.NotNull(other.Read(digest)));
        Assert.Equal(Blocks, other.Listing.List().Count());
    }

    [Fact]
    public void A_growth_waits_for_an_idle_writer_and_ends_when_it_moves()
    {
        using var directory = new TemporaryStore();
        // Only the busy writer ticks: the idle one is as good as stopped.
        using BlockStore busy = directory.Open(From(64));
        using BlockStore idle = directory.Open(new StoreSettings { TickInterval = TimeSpan.FromDays(1) });
        Digest256 first = idle.PutRaw([1]);
        var digests = Enumerable.Range(0, 60).Select(i => busy.PutRaw(StoreCalls.Numbered(i))).ToList();
        SpinWait.SpinUntil(() => busy.Examination.GetStatistics().IndexIsGrowing, TimeSpan.FromSeconds(30));
        busy.PutRaw(StoreCalls.Numbered(1000));
        Assert.True(busy.Examination.GetStatistics().IndexIsGrowing);
        Assert.All(digests.Append(first), digest => Assert.NotNull(idle.Read(digest)));
        idle.PutRaw([2]);
        Assert.True(SpinWait.SpinUntil(() => !busy.Examination.GetStatistics().IndexIsGrowing,
            TimeSpan.FromSeconds(30)));
        Assert.All(digests.Append(first), digest => Assert.NotNull(idle.Read(digest)));
        Assert.Single(Directory.GetFiles(directory.Directory, "idx-*"));
    }

    /// <summary>Found by the torture: nothing could be copied into the full one, and no put came through ever
    /// after.</summary>
    [Fact]
    public void A_growth_that_was_held_up_until_its_new_index_was_full_goes_on_with_a_larger_one()
    {
        using var directory = new TemporaryStore();
        StoreSettings settings = From(64) with
        {
            Timeout = TimeSpan.FromMilliseconds(50),
            TickInterval = TimeSpan.FromDays(1),
        };
        BlockStore idle = directory.Open(settings);
        var digests = new List<Digest256> { idle.PutRaw([1]) };
        using BlockStore busy = directory.Open(settings);
        Exception? refused = null;
        for (int i = 0; refused is null && i < 5000; i++)
        {
            refused = Record.Exception(() => digests.Add(busy.PutRaw(StoreCalls.Numbered(i))));
        }

        Assert.Equal(ErrorCode.IndexFull, Assert.IsType<ArrowCidException>(refused).Code);
        idle.Dispose();
        for (int i = 10_000; i < 10_500; i++) digests.Add(busy.PutRaw(StoreCalls.Numbered(i)));
        Assert.All(digests, digest => Assert.NotNull(busy.Read(digest)));
        Assert.True(SpinWait.SpinUntil(() =>
        {
            digests.Add(busy.PutRaw(StoreCalls.Numbered(20_000 + digests.Count)));
            return !busy.Examination.GetStatistics().IndexIsGrowing;
        }, TimeSpan.FromSeconds(30)));
        Assert.All(digests, digest => Assert.NotNull(busy.Read(digest)));
        Assert.Empty(busy.Examination.CheckLog());
    }

    [Fact]
    public void A_growth_does_not_wait_for_a_writer_that_has_gone()
    {
        using var directory = new TemporaryStore();
        using BlockStore busy = directory.Open(From(64));
        using (BlockStore gone = directory.Open()) gone.PutRaw([1]);
        var digests = Enumerable.Range(0, 3000).Select(i => busy.PutRaw(BitConverter.GetBytes(i))).ToList();
        Assert.True(SpinWait.SpinUntil(() => !busy.Examination.GetStatistics().IndexIsGrowing,
            TimeSpan.FromSeconds(30)));
        Assert.True(busy.Examination.GetStatistics().IndexEntries >= 4096);
        Assert.All(digests, digest => Assert.NotNull(busy.Read(digest)));
    }

    [Fact]
    public void A_lost_or_damaged_index_comes_back_from_the_segments()
    {
        using var directory = new TemporaryStore();
        List<Digest256> digests;
        using (BlockStore store = directory.Open())
            digests = Enumerable.Range(0, 500).Select(i => store.PutRaw(StoreCalls.Numbered(i))).ToList();
        File.Delete(Directory.GetFiles(directory.Directory, "idx-*").Single());
        using (BlockStore store = directory.Open())
            Assert.All(digests, digest => Assert.NotNull(store.Read(digest)));
        File.WriteAllBytes(Directory.GetFiles(directory.Directory, "idx-*").Single(), new byte[50_000]);
        using (BlockStore store = directory.Open())
        {
            Assert.All(digests, digest => Assert.NotNull(store.Read(digest)));
            Assert.False(store.PutRaw(StoreCalls.Numbered(7), out _));
        }
    }

    [Fact]
    public void The_count_of_entries_has_those_of_handles_that_filled_a_few()
    {
        using var directory = new TemporaryStore();
        for (int i = 0; i < 40; i++)
        {
            using BlockStore store = directory.Open();
            for (int block = 0; block < 3; block++) _ = store.PutRaw(StoreCalls.Numbered((3 * i) + block));
            Assert.Equal(3 * (i + 1), store.Examination.GetStatistics().IndexUsed);
        }

        using BlockStore reader = directory.Open(new StoreSettings { ReadOnly = true });
        Assert.Equal(120, reader.Examination.GetStatistics().IndexUsed);
    }

    [Fact]
    public void Digests_chosen_without_the_seed_spread_over_the_index()
    {
        // As an attacker could grind them: all bytes equal but a counter, in each of the four words in turn. A seed
        // whose
        // last product has a factor of many zeros clumps one of them, which is chance that he cannot help.
        const int Stores = 9;
        var spread = new int[4];
        for (int i = 0; i < Stores; i++)
        {
            using var directory = new TemporaryStore();
            using BlockStore store = directory.Open();
            using ControlFile control = StoreOpening.Open(directory.Directory, TemporaryStore.Small, out _);
            using var segments = new SegmentSet(control);
            var index = new BlockIndex(control, segments);
            for (int word = 0; word < 4; word++) spread[word] += Spreads(index, word) ? 1 : 0;
        }

        Assert.All(spread, times => Assert.InRange(times, (Stores / 2) + 1, Stores));

        static bool Spreads(BlockIndex index, int word)
        {
            var homes = new int[64];
            byte[] bytes = new byte[32];
            for (int i = 0; i < 6400; i++)
            {
                BitConverter.TryWriteBytes(bytes.AsSpan(word * 8), i);
                homes[index.Hash(new Digest256(bytes)) & 63]++;
            }

            return homes.Min() > 40 && homes.Max() < 200;
        }
    }
}
