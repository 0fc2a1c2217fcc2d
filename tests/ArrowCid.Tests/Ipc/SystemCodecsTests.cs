using ArrowCid.Memory;

namespace ArrowCid.Tests.Ipc;

public sealed class SystemCodecsTests
{
    private static readonly byte[] s_text = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * i >> 7))];

    public static TheoryData<bool> Codecs() => [false, true];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void What_was_compressed_comes_back(bool zstd)
    {
        foreach (int length in new[] { 1, 100, 70_000, 300_000 })
        {
            byte[] packed = Compress(zstd, s_text[..length]);
            byte[] target = new byte[length];
            Assert.Equal(CodecResult.Done, Decompress(zstd, packed, target));
            Assert.Equal(s_text[..length], target);
        }
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_target_of_another_length_is_told(bool zstd)
    {
        byte[] packed = Compress(zstd, s_text);
        Assert.Equal(CodecResult.OtherLength, Decompress(zstd, packed, new byte[s_text.Length + 1]));
        Assert.Equal(CodecResult.OtherLength, Decompress(zstd, packed, new byte[s_text.Length - 1]));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_frame_cut_short_or_followed_by_bytes_is_not_done(bool zstd)
    {
        byte[] packed = Compress(zstd, s_text);
        Assert.NotEqual(CodecResult.Done, Decompress(zstd, packed[..^5], new byte[s_text.Length]));
        Assert.NotEqual(CodecResult.Done, Decompress(zstd, [.. packed, 1, 2, 3], new byte[s_text.Length]));
        Assert.NotEqual(CodecResult.Done, Decompress(zstd, [], new byte[s_text.Length]));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Bytes_that_are_no_frame_are_broken(bool zstd) =>
        Assert.Equal(CodecResult.Broken, Decompress(zstd, s_text[..1000], new byte[1000]));

    private static byte[] Compress(bool zstd, byte[] source) =>
        (zstd ? SystemCodecs.CompressZstd(source) : SystemCodecs.CompressLz4Frame(source))!;

    private static CodecResult Decompress(bool zstd, byte[] source, byte[] target) => zstd
        ? SystemCodecs.DecompressZstd(source, target)
        : SystemCodecs.DecompressLz4Frame(source, target);
}
