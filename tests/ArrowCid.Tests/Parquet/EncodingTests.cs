using System.Runtime.InteropServices;
using ArrowCid.Columnar;
using ArrowCid.Parquet;

namespace ArrowCid.Tests.Parquet;

/// <summary>The encodings, each by itself and back.</summary>
public sealed class EncodingTests
{
    private const int Seed = 5;

    [Fact]
    public void Runs_and_packed_groups_come_back_at_every_width()
    {
        var random = new Random(Seed);
        for (int width = 0; width <= 32; width++)
        {
            for (int round = 0; round < 20; round++)
            {
                uint[] values = new uint[random.Next(200)];
                for (int i = 0; i < values.Length;)
                {
                    uint value = width == 0 ? 0 : (uint)random.NextInt64(1L << width);
                    for (int run = random.Next(1, 30); run > 0 && i < values.Length; run--) values[i++] = value;
                }

                using var bytes = new GrowingBytes();
                RleWriter.Write<uint>(values, width, bytes);
                uint[] read = new uint[values.Length];
                var reader = new RleReader(bytes.Written, width);
                int cut = random.Next(values.Length + 1);
                reader.Read(read.AsSpan(0, cut));
                reader.Read(read.AsSpan(cut));
                Assert.Equal(values, read);
            }
        }
    }

    [Fact]
    public void Bits_come_back_from_runs()
    {
        var random = new Random(Seed);
        for (int round = 0; round < 300; round++)
        {
            byte[] bits = new byte[60];
            for (int i = 0; i < bits.Length; i++)
                bits[i] = random.Next(3) switch { 0 => 0, 1 => 255, _ => (byte)random.Next(256) };
            int start = random.Next(100), count = random.Next(1, 300);
            using var bytes = new GrowingBytes();
            RleWriter.WriteBits(bits, start, count, bytes);
            byte[] read = new byte[60], expected = new byte[60];
            int to = random.Next(100);
            var reader = new RleReader(bytes.Written, 1);
            reader.ReadBits(read, to, count);
            Bits.Copy(bits, start, expected, to, count);
            Assert.Equal(expected, read);
        }
    }

    [Fact]
    public void Differences_come_back_and_wrap()
    {
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            int count = random.Next(400), bits = random.Next(1, 64);
            long[] longs = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64() >> bits)];
            if (round == 0) longs = [long.MinValue, long.MaxValue, 0, -1, long.MinValue];
            int[] ints = Array.ConvertAll(longs, value => (int)value);
            using var bytes = new GrowingBytes();
            DeltaPacking.Write<long>(longs, bytes);
            long[] readLongs = new long[longs.Length];
            Assert.Equal(longs.Length, DeltaPacking.Count(bytes.Written));
            Assert.Equal(bytes.Count, DeltaPacking.Read<long>(bytes.Written, readLongs));
            Assert.Equal(longs, readLongs);
            bytes.Clear();
            DeltaPacking.Write<int>(ints, bytes);
            int[] readInts = new int[ints.Length];
            DeltaPacking.Read<int>(bytes.Written, readInts);
            Assert.Equal(ints, readInts);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(13)]
    public void Split_bytes_come_back(int width)
    {
        byte[] source = new byte[width * 37], split = new byte[source.Length], joined = new byte[source.Length];
        new Random(Seed).NextBytes(source);
        StreamSplit.Split(source, width, split);
        StreamSplit.Join(split, width, joined);
        Assert.Equal(source, joined);
    }

    [Fact]
    public void Bounds_of_long_texts_are_short_and_bound()
    {
        LeafForm text = LeafForm.Of(ArrowType.Utf8, isBare: false);
        byte[] value = System.Text.Encoding.UTF8.GetBytes(new string('é', 31) + "zzzz" + new string('é', 40));
        (byte[] low, bool isLowExact) = ShortBound.Below(value, text);
        (byte[]? high, bool isHighExact) = ShortBound.Above(value, text);
        Assert.False(isLowExact || isHighExact);
        Assert.True(low.Length <= 64 && high!.Length <= 64);
        Assert.True(low.AsSpan().SequenceCompareTo(value) <= 0);
        Assert.True(high.AsSpan().SequenceCompareTo(value) >= 0);
        Assert.Null(ShortBound.Above(System.Text.Encoding.UTF8.GetBytes(new string('é', 80)), text).Value);
    }

    [Fact]
    public void The_range_of_numbers_passes_over_NaN_and_widens_zero()
    {
        double[] numbers = [double.NaN, 0.0, -0.0, double.NaN, 0.0, 0.0, 0.0, 0.0, 0.0];
        var values = new LeafValues(numbers.Length, 8) { Data = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray() };
        ValueRange range = ValueRange.Of(values, 0, numbers.Length, ValueOrder.Float);
        Assert.Equal(BitConverter.GetBytes(-0.0), range.Least);
        Assert.Equal(BitConverter.GetBytes(0.0), range.Largest);
        Assert.Null(ValueRange.Of(values, 0, 1, ValueOrder.Float).Least);
    }

    [Fact]
    public void Range_of_texts_is_that_of_their_bytes_when_they_share_their_first_bytes()
    {
        string[] parts = ["", "\0", "a", "a\0", "prefix-1", "prefix-1\0", "prefix-10", "prefix-2", "\u00ff", "zzzzzzzzz"];
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            byte[][] texts = [.. Enumerable.Range(0, random.Next(1, 30))
                .Select(_ => System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(3))
                    .Select(_ => parts[random.Next(parts.Length)]))))];
            int[] ends = [0, .. texts.Select((_, i) => texts.Take(i + 1).Sum(text => text.Length))];
            var values = new LeafValues(texts.Length, 0)
            {
                Data = texts.SelectMany(text => text).ToArray(),
                Offsets = MemoryMarshal.AsBytes(ends.AsSpan()).ToArray(),
            };
            int from = random.Next(texts.Length), to = random.Next(from + 1, texts.Length + 1);
            AssertRange(texts[from..to], ValueRange.Of(values, from, to, ValueOrder.Bytes));
            int[] indices = [.. Enumerable.Range(0, 10).Select(_ => random.Next(texts.Length))];
            var coded = new LeafValues(indices.Length, 0) { Indices = indices, Dictionary = values };
            AssertRange([.. indices[2..7].Select(i => texts[i])], ValueRange.Of(coded, 2, 7, ValueOrder.Bytes));
        }

        static void AssertRange(byte[][] texts, ValueRange range)
        {
            byte[][] sorted = [.. texts.Order(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];
            Assert.Equal(sorted[0], range.Least);
            Assert.Equal(sorted[^1], range.Largest);
        }
    }

    [Fact]
    public void Range_of_a_dictionary_is_that_of_the_entries_that_are_used()
    {
        int[] numbers = [5, -9, 7, 100, -100, 3];
        var entries = new LeafValues(numbers.Length, 4) { Data = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray() };
        var coded = new LeafValues(5, 4) { Indices = [3, 0, 2, 5, 4], Dictionary = entries };
        ValueRange range = ValueRange.Of(coded, 1, 4, ValueOrder.Signed);
        Assert.Equal(BitConverter.GetBytes(3), range.Least);
        Assert.Equal(BitConverter.GetBytes(7), range.Largest);
    }
}
