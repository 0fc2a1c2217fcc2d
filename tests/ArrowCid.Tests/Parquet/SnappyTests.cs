using ArrowCid.Memory;
using ArrowCid.Parquet;

namespace ArrowCid.Tests.Parquet;

/// <summary>What Snappy compresses comes back; the same bytes give the same bytes, in the room that they may take.</summary>
public sealed class SnappyTests
{
    private const int Seed = 20261122;

    [Fact]
    public void Random_bytes_of_every_kind_and_length_come_back()
    {
        var random = new Random(Seed);
        int[] edges = [0, 1, 2, 15, 16, 17, 18, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 131_072, 200_000];
        foreach (int length in edges.Concat(Enumerable.Range(0, 1_500).Select(_ => random.Next(1 << random.Next(1, 18)))))
        {
            byte[] bytes = Bytes(random, length);
            byte[] packed = Compressed(bytes), again = new byte[length];
            Assert.Equal(packed, Compressed(bytes));
            try
            {
                SnappyPages.Decompress(packed, again);
            }
            catch (ArrowCidException e)
            {
                Assert.Fail($"seed {Seed}, {length} bytes: {e.Message}");
            }

            Assert.True(bytes.AsSpan().SequenceEqual(again), $"seed {Seed}, {length} bytes");
        }
    }

    [Theory]
    // A literal of 4 bytes and a copy of 60 and one of 36 from 4 before.
    [InlineData("abcd", 25, "64 0c 61626364 fe0400 7e0400")]
    [InlineData("", 1, "00")]
    [InlineData("abcdefgh", 1, "08 1c 6162636465666768")]
    public void Short_bytes_are_written_as_the_format_says(string text, int times, string hex)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(text, times)));
        byte[] packed = Compressed(bytes), again = new byte[bytes.Length];
        SnappyPages.Decompress(packed, again);
        Assert.Equal(bytes, again);
        Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(packed));
    }

    [Fact]
    public void What_repeats_becomes_short_and_what_does_not_hardly_longer()
    {
        byte[] random = new byte[1 << 20], text = System.Text.Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Range(0, 60_000).Select(i => $"row {i % 977}, value {i % 31};")));
        new Random(Seed).NextBytes(random);
        Assert.InRange(Compressed(random).Length, random.Length, random.Length + random.Length / 1_000);
        Assert.InRange(Compressed(text).Length, 1, text.Length / 3);
        Assert.InRange(Compressed(new byte[1 << 20]).Length, 1, (1 << 20) / 20);
    }

    [Fact]
    public void Too_little_room_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SnappyCompressor.Compress(new byte[100], new byte[SnappyCompressor.Room(100) - 1]));

    public static byte[] Compressed(ReadOnlySpan<byte> bytes)
    {
        // What lies behind the room stays as it was.
        const byte untouched = 0xA5;
        byte[] target = new byte[SnappyCompressor.Room(bytes.Length) + 64];
        target.AsSpan().Fill(untouched);
        int written = SnappyCompressor.Compress(bytes, target.AsSpan(0, target.Length - 64));
        Assert.Equal(-1, target.AsSpan(written).IndexOfAnyExcept(untouched));
        return target[..written];
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        int kind = random.Next(4), values = random.Next(1, 256);
        for (int i = 0; i < length; i++)
        {
            bytes[i] = kind switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)random.Next(values),
                2 => (byte)(i % values),
                // Pieces of what stood before, at any distance and of any length.
                _ => i > 0 && random.Next(20) != 0 ? bytes[i - random.Next(1, Math.Min(i, 70_000) + 1)] : (byte)random.Next(256),
            };
            if (kind != 3 || i == 0 || random.Next(8) != 0) continue;
            int from = random.Next(i), count = Math.Min(random.Next(4, 200), length - i);
            for (int k = 0; k < count; k++) bytes[i + k] = bytes[from + k];
            i += count - 1;
        }

        return bytes;
    }
}
