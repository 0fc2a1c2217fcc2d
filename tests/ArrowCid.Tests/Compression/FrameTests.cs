using System.Buffers.Binary;
using System.IO.Hashing;
using ArrowCid.Compression;
using K4os.Compression.LZ4.Streams;

namespace ArrowCid.Tests.Compression;

public sealed class FrameTests
{
    private const int Seed = 20261123;

    private static readonly byte[] s_text = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i >> 7))];

    public static TheoryData<bool> Codecs() => [false, true];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Frame_returns_the_bytes_that_were_compressed(bool zstd)
    {
        foreach (int length in new[] { 1, 100, 70_000, 300_000 })
        {
            byte[] target = new byte[length];
            Assert.Equal(CodecResult.Complete, Decompress(zstd, Frames.Of(zstd, s_text[..length]), target));
            Assert.Equal(s_text[..length], target);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Frame_is_refused_when_the_target_has_another_length(bool zstd)
    {
        byte[] packed = Frames.Of(zstd, s_text);
        Assert.Equal(CodecResult.OtherLength, Decompress(zstd, packed, new byte[s_text.Length + 1]));
        Assert.Equal(CodecResult.OtherLength, Decompress(zstd, packed, new byte[s_text.Length - 1]));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Frame_is_refused_when_it_is_cut_short_or_followed_by_bytes(bool zstd)
    {
        byte[] packed = Frames.Of(zstd, s_text);
        Assert.NotEqual(CodecResult.Complete, Decompress(zstd, packed[..^5], new byte[s_text.Length]));
        Assert.NotEqual(CodecResult.Complete, Decompress(zstd, [.. packed, 1, 2, 3], new byte[s_text.Length]));
        Assert.NotEqual(CodecResult.Complete, Decompress(zstd, [], new byte[s_text.Length]));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Frame_is_broken_when_the_bytes_are_no_frame(bool zstd) =>
        Assert.Equal(CodecResult.Broken, Decompress(zstd, s_text[..1000], new byte[1000]));

    [Theory]
    [InlineData(1 << 16, false, false, false)]
    [InlineData(1 << 16, true, true, true)]
    [InlineData(1 << 18, true, false, true)]
    [InlineData(1 << 22, false, true, true)]
    public void Lz4_frame_is_read_in_every_form(int blockSize, bool chained, bool blockChecksum, bool contentChecksum)
    {
        // Text that repeats at long distances, and noise that cannot be compressed and is stored.
        byte[] source = [.. s_text, .. s_text[..200_000], .. new byte[70_000], .. Noise(100_000), .. s_text[..5]];
        byte[] packed = Frames.OfLz4(source, new LZ4EncoderSettings
        {
            BlockSize = blockSize,
            ChainBlocks = chained,
            BlockChecksum = blockChecksum,
            ContentChecksum = contentChecksum,
        });
        byte[] target = new byte[source.Length];
        Assert.Equal(CodecResult.Complete, Lz4Frame.Decompress(packed, target));
        Assert.Equal(source, target);
        Assert.Equal(CodecResult.Complete, Lz4Frame.Decompress(WithContentSize(packed, source.Length), target));
        Assert.Equal(CodecResult.OtherLength, Lz4Frame.Decompress(WithContentSize(packed, source.Length - 1), target));
        Assert.Equal(CodecResult.OtherLength, Lz4Frame.Decompress([.. packed, 0], target));
        Assert.Equal(CodecResult.OtherLength, Lz4Frame.Decompress(packed, new byte[source.Length + 1]));
        Assert.Equal(CodecResult.OtherLength, Lz4Frame.Decompress(packed, new byte[source.Length - 1]));
    }

    [Fact]
    public void Lz4_frame_with_checksums_is_refused_when_any_byte_changed()
    {
        byte[] source = [.. s_text[..3_000], .. Noise(500)], target = new byte[source.Length];
        byte[] packed = Frames.OfLz4(source, new LZ4EncoderSettings { BlockChecksum = true, ContentChecksum = true });
        for (int i = 0; i < packed.Length; i++)
        {
            byte[] changed = [.. packed];
            changed[i] ^= 0x10;
            Assert.True(Lz4Frame.Decompress(changed, target) != CodecResult.Complete, $"byte {i} of {packed.Length}");
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Changed_frame_is_refused_or_fills_the_target(bool zstd)
    {
        var random = new Random(Seed);
        byte[] packed = Frames.Of(zstd, s_text[..20_000]), target = new byte[20_000];
        for (int round = 0; round < 3_000; round++)
        {
            byte[] changed = [.. packed];
            for (int i = random.Next(1, 4); i > 0; i--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            CodecResult result = Decompress(zstd, changed[..random.Next(changed.Length / 2, changed.Length + 1)], target);
            Assert.True(Enum.IsDefined(result), $"seed {Seed}, round {round}");
        }
    }

    /// <summary>Adds the optional content size, which the peer's writer does not write, to a frame's header.</summary>
    private static byte[] WithContentSize(byte[] frame, long size)
    {
        byte[] sizeBytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(sizeBytes, size);
        byte[] descriptor = [(byte)(frame[4] | 8), frame[5], .. sizeBytes];
        return [.. frame[..4], .. descriptor, (byte)(XxHash32.HashToUInt32(descriptor) >> 8), .. frame[7..]];
    }

    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(Seed).NextBytes(bytes);
        return bytes;
    }

    private static CodecResult Decompress(bool zstd, byte[] source, byte[] target) =>
        zstd ? Zstd.Decompress(source, target) : Lz4Frame.Decompress(source, target);
}
