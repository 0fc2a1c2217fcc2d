namespace ArrowCid.Tests.Store;

/// <summary>The policies of a cache, over traces alone.</summary>
public sealed class CachePolicyTests
{
    private const int Operations = 20_000;

    public static TheoryData<int> Kinds => [.. Enum.GetValues<CachePolicyKind>().Select(kind => (int)kind)];

    /// <summary>Against a plain set of blocks, with random additions, reads, removals, returns and changes of size.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Policy_knows_exactly_the_blocks_that_were_added_and_did_not_leave(int kind)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var policy = CachePolicy.Create((CachePolicyKind)kind, 10_000);
        var blocks = new Dictionary<ulong, long>();
        for (int i = 0; i < Operations; i++)
        {
            ulong key = (ulong)random.Next(500);
            switch (random.Next(10))
            {
                case 0:
                    policy.Remove(key);
                    _ = blocks.Remove(key);
                    break;
                case 1:
                    policy.Resize(random.Next(1, 20_000));
                    break;
                case 2 when policy.TryEvict(out ulong victim):
                    Assert.True(blocks.Remove(victim, out long size), $"seed {seed}, step {i}: {victim} was not there");
                    if (random.Next(2) == 0) break;
                    policy.Return(victim, size);
                    blocks.Add(victim, size);
                    break;
                case 3 or 4 or 5:
                    Assert.True(blocks.ContainsKey(key) == policy.Read(key), $"seed {seed}, step {i}");
                    break;
                default:
                    // A block has one size.
                    long bytes = (long)(key * 7 % 900);
                    policy.Add(key, bytes, random.NextDouble() * 100);
                    blocks[key] = bytes;
                    break;
            }

            while (policy.Bytes > policy.Capacity)
            {
                Assert.True(policy.TryEvict(out ulong victim), $"seed {seed}, step {i}: over its size and empty");
                Assert.True(blocks.Remove(victim), $"seed {seed}, step {i}: {victim} left twice");
            }

            Assert.True(blocks.Count == policy.Count && blocks.Values.Sum() == policy.Bytes, $"seed {seed}, step {i}");
        }

        foreach (ulong key in blocks.Keys) Assert.True(policy.Contains(key), $"seed {seed}");
        for (int left = blocks.Count; left > 0; left--) Assert.True(policy.TryEvict(out _), $"seed {seed}");
        Assert.False(policy.TryEvict(out _));
        Assert.Equal((0, 0L), (policy.Count, policy.Bytes));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Policy_chooses_the_same_blocks_when_it_sees_the_same_trace(int kind)
    {
        Assert.Equal(Victims(), Victims());

        List<ulong> Victims()
        {
            var random = new Random(7);
            var policy = CachePolicy.Create((CachePolicyKind)kind, 5000);
            var victims = new List<ulong>();
            for (int i = 0; i < Operations; i++)
            {
                ulong key = (ulong)random.Next(300);
                if (!policy.Read(key)) policy.Add(key, 1 + random.Next(200), random.Next(1000));
                while (policy.Bytes > policy.Capacity && policy.TryEvict(out ulong victim)) victims.Add(victim);
            }

            return victims;
        }
    }

    [Fact]
    public void Lru_evicts_the_block_that_was_read_longest_ago()
    {
        CachePolicy policy = Filled(CachePolicyKind.Lru, 4);
        Assert.True(policy.Read(0));
        Assert.Equal([1ul, 2, 3, 0], All(policy));
    }

    [Theory]
    [InlineData((int)CachePolicyKind.S3Fifo)]
    [InlineData((int)CachePolicyKind.Arc)]
    public void Block_that_was_read_again_stays_when_a_scan_passes(int kind)
    {
        var policy = CachePolicy.Create((CachePolicyKind)kind, 1000);
        for (ulong key = 0; key < 20; key++) policy.Add(key, 10, 1);
        for (ulong key = 0; key < 20; key++) Assert.True(policy.Read(key));
        for (ulong key = 1000; key < 3000; key++)
        {
            policy.Add(key, 10, 1);
            while (policy.Bytes > policy.Capacity) Assert.True(policy.TryEvict(out _));
        }

        for (ulong key = 0; key < 20; key++) Assert.True(policy.Contains(key), $"{key} left for blocks that are read once");
    }

    /// <summary>Of as many blocks that are never read again, the dear ones are the last to leave.</summary>
    [Theory]
    [InlineData((int)CachePolicyKind.S3Fifo)]
    [InlineData((int)CachePolicyKind.Arc)]
    public void Block_that_is_dear_to_fetch_outlives_cheap_ones(int kind)
    {
        var policy = CachePolicy.Create((CachePolicyKind)kind, 100_000);
        for (ulong key = 0; key < 1000; key++) policy.Add(key, 10, key % 20 == 10 ? 200 : 1);
        policy.Resize(1000);
        List<ulong> left = All(policy);
        Assert.All(left.Take(900), key => Assert.NotEqual(10ul, key % 20));
    }

    [Fact]
    public void Block_that_comes_back_soon_after_it_left_enters_the_main_queue()
    {
        CachePolicy policy = Filled(CachePolicyKind.S3Fifo, 100);
        policy.Resize(500);
        Assert.True(policy.TryEvict(out ulong gone));
        policy.Add(gone, 10, 1);
        // The small queue is a tenth of the cache before the main queue gives a block.
        Assert.InRange(All(policy).IndexOf(gone), 93, 99);
    }

    [Fact]
    public void Ghosts_are_forgotten_beyond_their_bytes()
    {
        var ghosts = new GhostList();
        for (ulong key = 0; key < 1000; key++) ghosts.Add(key, 10, 500);
        Assert.Equal(500, ghosts.Bytes);
        Assert.False(ghosts.Remove(949));
        Assert.True(ghosts.Remove(950));
        Assert.False(ghosts.Remove(950));
        Assert.Equal(490, ghosts.Bytes);
        ghosts.Add(960, 30, 500);
        Assert.Equal(500, ghosts.Bytes);
        ghosts.Trim(0);
        Assert.Equal(0, ghosts.Bytes);
        Assert.False(ghosts.Remove(999));
    }

    [Fact]
    public void Cost_without_a_number_counts_as_none()
    {
        CachePolicy policy = CachePolicy.Create(CachePolicyKind.S3Fifo, 100);
        foreach ((double cost, ulong key) in new[] { double.NaN, double.PositiveInfinity, -1, 0, 1 }.Select((cost, i) => (cost, (ulong)i)))
            policy.Add(key, 0, cost);
        Assert.Equal(5, policy.Count);
        Assert.Equal(5, All(policy).Count);
    }

    private static CachePolicy Filled(CachePolicyKind kind, int count)
    {
        var policy = CachePolicy.Create(kind, long.MaxValue);
        for (int i = 0; i < count; i++) policy.Add((ulong)i, 10, 1);
        return policy;
    }

    private static List<ulong> All(CachePolicy policy)
    {
        var all = new List<ulong>();
        while (policy.TryEvict(out ulong key)) all.Add(key);
        return all;
    }
}
