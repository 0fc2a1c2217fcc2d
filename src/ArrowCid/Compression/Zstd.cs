using ZstdSharp;
using ZstdSharp.Unsafe;

namespace ArrowCid.Compression;

/// <summary>Zstandard frames. Each thread keeps one context of each kind, as making one costs more than a small page.
/// </summary>
internal static class Zstd
{
    [ThreadStatic]
    private static Decompressor? s_decompressor;

    [ThreadStatic]
    private static Compressor? s_compressor;

    /// <summary>The most bytes that the frame of a source of this length can take.</summary>
    public static int MaxCompressedLength(int length) => Compressor.GetCompressBound(length);

    /// <summary>Compresses to one frame.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="target">At least <see cref="MaxCompressedLength"/> bytes.</param>
    /// <param name="level">The level, 1 (fastest) to 19.</param>
    /// <returns>The length of the frame.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target, int level)
    {
        Compressor compressor = s_compressor ??= new Compressor(level);
        if (compressor.Level != level) compressor.Level = level;
        return compressor.Wrap(source, target);
    }

    /// <summary>Decompresses frames to exactly the target's length.</summary>
    public static CodecResult Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        Decompressor decompressor = s_decompressor ??= new Decompressor();
        try
        {
            int written = decompressor.Unwrap(source, target);
            return written == target.Length ? CodecResult.Complete : CodecResult.OtherLength;
        }
        catch (ZstdException e)
        {
            return e.Code == ZSTD_ErrorCode.ZSTD_error_dstSize_tooSmall
                ? CodecResult.OtherLength
                : CodecResult.Broken;
        }
    }
}
