using ArrowCid.Compression;
using K4os.Compression.LZ4.Streams;

namespace ArrowCid.Tests.Compression;

/// <summary>Frames as other programs write them.</summary>
internal static class Frames
{
    public static byte[] Of(bool zstd, byte[] source) => zstd ? OfZstd(source) : OfLz4(source);

    public static byte[] OfZstd(byte[] source)
    {
        byte[] target = new byte[Zstd.MaxCompressedLength(source.Length)];
        return target[..Zstd.Compress(source, target, 3)];
    }

    public static byte[] OfLz4(byte[] source, LZ4EncoderSettings? settings = null)
    {
        using var memory = new MemoryStream();
        using (LZ4EncoderStream stream = LZ4Stream.Encode(memory, settings ?? new LZ4EncoderSettings(), leaveOpen: true))
            stream.Write(source);
        return memory.ToArray();
    }
}
