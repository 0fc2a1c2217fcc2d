using ArrowCid.Parquet;

namespace ArrowCid.Tests.Parquet;

public sealed class PageCodecTests
{
    private const int Seed = 20261123;

    public static TheoryData<ParquetCompression> Codecs() => [.. Enum.GetValues<ParquetCompression>()];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Page_returns_the_bytes_that_were_compressed(ParquetCompression codec)
    {
        var random = new Random(Seed);
        int[] edges = [0, 1, 2, 15, 16, 17, 60, 61, 255, 256, 65_535, 65_536, 65_537, 200_000];
        foreach (int length in edges.Concat(Enumerable.Range(0, 100).Select(_ => random.Next(1 << random.Next(1, 18)))))
        {
            byte[] page = Bytes(random, length), packed = Packed(codec, page), back = new byte[length];
            Assert.Equal(packed, Packed(codec, page));
            PageCodec.CheckSize((int)codec, packed.Length, length);
            PageCodec.Decompress((int)codec, packed, back);
            Assert.True(page.AsSpan().SequenceEqual(back), $"seed {Seed}, {length} bytes");
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Page_is_refused_or_fills_the_target_when_it_changed(ParquetCompression codec)
    {
        var random = new Random(Seed);
        for (int round = 0; round < 300; round++)
        {
            byte[] page = Bytes(random, random.Next(1, 3_000)), packed = Packed(codec, page);
            byte[] back = new byte[page.Length];
            Assert.Throws<ParquetFault>(() => PageCodec.Decompress((int)codec, packed, new byte[page.Length + 1]));
            packed[random.Next(packed.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                PageCodec.Decompress((int)codec, packed, back);
            }
            catch (ParquetFault)
            {
                // Refused.
            }
        }
    }

    private static byte[] Packed(ParquetCompression codec, byte[] page)
    {
        using var target = new GrowingBytes();
        PageCodec.Compress(codec, null, page, target);
        return target.Written.ToArray();
    }

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        int period = random.Next(1, 80), noise = random.Next(0, 20);
        for (int i = 0; i < length; i++)
            bytes[i] = random.Next(20) < noise || i < period ? (byte)random.Next(256) : bytes[i - period];
        return bytes;
    }
}
