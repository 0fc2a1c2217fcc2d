using ArrowCid.Channels.Sds;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>The counterparts of nim-sds's tests of its Bloom filter.</summary>
public sealed class BloomFilterTests
{
    private const int Capacity = 10_000, Inserted = 5_000;
    private const double Rate = 0.001;

    [Fact]
    public void Filter_has_the_parameters_of_its_capacity_and_error_rate()
    {
        var filter = new SdsFilter(Capacity, Rate);
        Assert.Equal((Capacity, Rate, 10, 15 * Capacity), (filter.Capacity, filter.ErrorRate, filter.Hashes, filter.Bits));
        Assert.Equal((7, 1_000), (new SdsFilter(100, 0.01).Hashes, new SdsFilter(100, 0.01).Bits));
    }

    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Filter_finds_what_was_added(SdsDialect dialect)
    {
        var filter = new SdsFilter(100, 0.01);
        BloomHash hash = BloomHash.Of(dialect, "test");
        Assert.False(filter.Contains(hash));
        filter.Add(hash);
        Assert.True(filter.Contains(hash));
    }

    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Filter_finds_all_that_was_added_and_errs_as_rarely_as_it_says(SdsDialect dialect)
    {
        var filter = new SdsFilter(Capacity, Rate);
        for (int i = 0; i < Inserted; i++) filter.Add(BloomHash.Of(dialect, $"added-{i}"));
        Assert.All(Enumerable.Range(0, Inserted), i => Assert.True(filter.Contains(BloomHash.Of(dialect, $"added-{i}"))));
        int wrong = Enumerable.Range(0, Inserted).Count(i => filter.Contains(BloomHash.Of(dialect, $"other-{i}")));
        Assert.True(wrong < 1.5 * Rate * Inserted, $"{wrong} of {Inserted}");
    }

    [Theory]
    [InlineData(SdsDialect.Nim)]
    [InlineData(SdsDialect.Rfc)]
    public void Filter_takes_long_special_and_Unicode_ids(SdsDialect dialect)
    {
        string[] ids = ["short", new string('a', 256), "!@#$%^&*()_+", "日本語 😀", "Ünïcödé", " ", "\n\t"];
        var filter = new SdsFilter(Capacity, Rate);
        foreach (string id in ids) filter.Add(BloomHash.Of(dialect, id));
        Assert.All(ids, id => Assert.True(filter.Contains(BloomHash.Of(dialect, id))));
        int wrong = Enumerable.Range(0, Inserted).Count(i => filter.Contains(BloomHash.Of(dialect, $"other-{i}")));
        Assert.True(wrong < 1.5 * Rate * Inserted, $"{wrong} of {Inserted}");
    }

    [Fact]
    public void Filter_comes_back_from_its_bytes_in_both_dialects()
    {
        foreach (SdsDialect dialect in Enum.GetValues<SdsDialect>())
        {
            var filter = new SdsFilter(1_000, 0.01);
            for (int i = 0; i < 500; i++) filter.Add(BloomHash.Of(dialect, $"id-{i}"));
            byte[] bytes = SdsNode.Bytes(filter, dialect);
            SdsFilter read = SdsFilter.TryRead(bytes, dialect, new SdsFilter(1_000, 0.01))!;
            Assert.Equal(bytes, SdsNode.Bytes(read, dialect));
            Assert.All(Enumerable.Range(0, 500), i => Assert.True(read.Contains(BloomHash.Of(dialect, $"id-{i}"))));
        }
    }

    [Fact]
    public void Rolling_filter_forgets_the_oldest_and_keeps_the_newest()
    {
        var rolling = new RollingBloomFilter(1_000, Rate);
        for (int i = 0; i < 1_201; i++) rolling.Add(BloomHash.Of(SdsDialect.Nim, $"id-{i}"));
        Assert.All(Enumerable.Range(401, 800), i => Assert.True(rolling.Filter.Contains(BloomHash.Of(SdsDialect.Nim, $"id-{i}"))));
        int old = Enumerable.Range(0, 401).Count(i => rolling.Filter.Contains(BloomHash.Of(SdsDialect.Nim, $"id-{i}")));
        Assert.True(old < 5, $"{old} of 401");
        Assert.Equal(15_000, rolling.Filter.Bits);
    }
}
