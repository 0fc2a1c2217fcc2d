using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer;

/// <summary>Which slices of a block are read together.</summary>
public class RangePlanTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public void Slices_that_touch_are_one_range_up_to_its_limit()
    {
        List<PlannedRange> ranges = RangePlan.Of([.. Enumerable.Range(0, 20).Select(i => Slice((long)i * MiB, MiB))]);
        Assert.Equal([(0L, 8 * MiB), (8L * MiB, 8 * MiB), (16L * MiB, 4 * MiB)], ranges.Select(range => (range.Offset, range.Length)));
    }

    [Fact]
    public void Gaps_are_read_only_as_long_as_they_are_few()
    {
        // 1,000,000 wanted bytes allow 62,500 bytes of gaps: of these three the two smaller ones.
        BlockSlice[] slices = [Slice(0, 250_000), Slice(280_000, 250_000), Slice(540_000, 250_000), Slice(850_000, 250_000)];
        Assert.Equal([(0L, 790_000), (850_000L, 250_000)], RangePlan.Of(slices).Select(range => (range.Offset, range.Length)));
        Assert.Equal(2, RangePlan.Of([Slice(0, 100), Slice(200, 100)]).Count);
        Assert.Equal(2, RangePlan.Of([Slice(0, 4 * MiB), Slice((4 * MiB) + RangePlan.MaxGap + 1, 2 * MiB)]).Count);
    }

    [Fact]
    public void A_long_slice_is_a_range_of_its_own_and_overlapping_ones_are_read_once()
    {
        Assert.Equal([(5L, 20 * MiB)], RangePlan.Of([Slice(5, 20 * MiB)]).Select(range => (range.Offset, range.Length)));
        PlannedRange both = Assert.Single(RangePlan.Of([Slice(50, 100), Slice(0, 100), Slice(60, 10)]));
        Assert.Equal((0L, 150), (both.Offset, both.Length));
        Assert.Equal([0, 1, 2], both.Slices.Order());
        Assert.Empty(RangePlan.Of([]));
    }

    [Fact]
    public void Every_slice_is_in_one_range_that_covers_it_and_gaps_are_a_sixteenth_at_most()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++)
        {
            BlockSlice[] slices = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Slice(random.Next(5 * MiB), random.Next(1, 200_000)))];
            List<PlannedRange> ranges = RangePlan.Of(slices);
            Assert.True(ranges.SelectMany(range => range.Slices).Order().SequenceEqual(Enumerable.Range(0, slices.Length)), $"seed {seed}");
            bool isCovered = ranges.All(range => range.Slices.All(i => slices[i].Offset >= range.Offset &&
                slices[i].Offset + slices[i].Length <= range.Offset + range.Length));
            Assert.True(isCovered, $"seed {seed}");
            long wanted = slices.Sum(slice => (long)slice.Length), read = ranges.Sum(range => (long)range.Length);
            Assert.True(read <= wanted + (wanted / 16), $"seed {seed}: {read} for {wanted}");
        }
    }

    private static BlockSlice Slice(long offset, int length) => new(offset, length, Cid.Sha256(Multicodec.Raw, "x"u8));
}
