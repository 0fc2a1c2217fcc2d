using ArrowCid.Parquet;

namespace ArrowCid.Tests.Parquet;

public sealed class DictionaryOutlookTests
{
    private const int Seed = 20261123, Rows = 500_000, MaxBytes = 1 << 20;

    [Theory]
    [InlineData(200, true)]
    [InlineData(20_000, true)]
    [InlineData(40_000, true)]
    [InlineData(200_000, false)]
    [InlineData(100_000_000, false)]
    public void Text_column_gets_a_dictionary_when_it_is_smaller(int distinct, bool isEncoded)
    {
        var random = new Random(Seed);
        byte[][] texts = [.. Enumerable.Range(0, Rows).Select(_ => Text(random.Next(distinct)))];
        byte[] offsets = new byte[(Rows + 1) * sizeof(int)];
        int end = 0;
        for (int i = 0; i < Rows; i++) BitConverter.TryWriteBytes(offsets.AsSpan((i + 1) * 4), end += texts[i].Length);
        var values = new LeafValues(Rows, 0) { Data = texts.SelectMany(t => t).ToArray(), Offsets = offsets };
        LeafValues? encoded = DictionaryPages.TryEncode(values, MaxBytes);
        Assert.Equal(isEncoded, encoded is not null);
        if (encoded is not null) Assert.InRange(encoded.Dictionary!.Count, distinct * 9 / 10, distinct);
    }

    [Theory]
    [InlineData(20_000, true)]
    [InlineData(100_000, true)]
    [InlineData(1_000_000, false)]
    public void Number_column_gets_a_dictionary_when_it_is_smaller(int distinct, bool isEncoded)
    {
        var random = new Random(Seed);
        byte[] data = new byte[Rows * sizeof(long)];
        for (int i = 0; i < Rows; i++) BitConverter.TryWriteBytes(data.AsSpan(i * 8), random.Next(distinct) * 977L);
        Assert.Equal(isEncoded,
            DictionaryPages.TryEncode(new LeafValues(Rows, 8) { Data = data }, MaxBytes) is not null);
    }

    [Fact]
    public void Search_ends_early_when_every_value_is_new()
    {
        var outlook = new DictionaryOutlook(Rows, Rows * 20L, int.MaxValue);
        Assert.False(outlook.IsPoor(8_191, 8_191, 8_191 * 20));
        Assert.True(outlook.IsPoor(8_192, 8_192, 8_192 * 20));
    }

    private static byte[] Text(int number) => System.Text.Encoding.ASCII.GetBytes($"{number * 7919L:0000000000} street");
}
