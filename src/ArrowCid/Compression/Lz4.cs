using K4os.Compression.LZ4;

namespace ArrowCid.Compression;

/// <summary>LZ4 blocks, which carry no length and no checksum.</summary>
internal static class Lz4
{
    /// <summary>The most bytes that the block of a source of this length can take.</summary>
    public static int MaxCompressedLength(int length) => LZ4Codec.MaximumOutputSize(length);

    /// <summary>Compresses to one block.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="target">At least <see cref="MaxCompressedLength"/> bytes.</param>
    /// <returns>The length of the block.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        // The block of no bytes is one literal token without literals.
        if (source.IsEmpty)
        {
            target[0] = 0;
            return 1;
        }

        int written = LZ4Codec.Encode(source, target);
        return written > 0 ? written : throw new InvalidOperationException("LZ4 failed within its bound.");
    }

    /// <summary>Decompresses one block to exactly the target's length.</summary>
    public static CodecResult Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (target.IsEmpty) return source is [0] ? CodecResult.Complete : CodecResult.Broken;
        if (source.IsEmpty) return CodecResult.Broken;
        int written = LZ4Codec.Decode(source, target);
        if (written < 0) return CodecResult.Broken;
        return written == target.Length ? CodecResult.Complete : CodecResult.OtherLength;
    }
}
