using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using ArrowCid.Compression;
using Snappier;

namespace ArrowCid.Parquet;

/// <summary>Compression of whole pages.</summary>
internal static class PageCodec
{
    private const int Lzo = 3, Lz4Hadoop = 5;
    private const int BrotliWindow = 22;
    private const string Switch = "ArrowCid.PageCodecs.IsSupported";

    /// <summary>Whether this program compresses pages. One that does not is smaller by the codecs.</summary>
    [FeatureSwitchDefinition(Switch)]
    private static bool IsSupported => !AppContext.TryGetSwitch(Switch, out bool isSupported) || isSupported;

    /// <summary>Compresses after what a buffer holds.</summary>
    public static void Compress(ParquetCompression codec, int? level, ReadOnlySpan<byte> source, GrowingBytes target)
    {
        if (!IsSupported)
        {
            if (codec != ParquetCompression.None)
                throw ParquetFault.Unsupported($"this program does not compress pages");
            target.Add(source);
            return;
        }

        switch (codec)
        {
            case ParquetCompression.None:
                target.Add(source);
                break;
            case ParquetCompression.Snappy:
                target.Advance(Snappy.Compress(source, target.GetSpan(Snappy.GetMaxCompressedLength(source.Length))));
                break;
            case ParquetCompression.Gzip:
                Gzip(level, source, target);
                break;
            case ParquetCompression.Brotli:
                Span<byte> span = target.GetSpan(BrotliEncoder.GetMaxCompressedLength(source.Length));
                if (!BrotliEncoder.TryCompress(source, span, out int brotli, level ?? 4, BrotliWindow))
                    throw new InvalidOperationException("Brotli failed within its bound.");
                target.Advance(brotli);
                break;
            case ParquetCompression.Zstd:
                Span<byte> frame = target.GetSpan(Zstd.MaxCompressedLength(source.Length));
                target.Advance(Zstd.Compress(source, frame, level ?? 1));
                break;
            default:
                target.Advance(Lz4.Compress(source, target.GetSpan(Lz4.MaxCompressedLength(source.Length))));
                break;
        }
    }

    /// <summary>Refuses a codec that cannot be read, before anything is read.</summary>
    public static void CheckReadable(int codec)
    {
        if (codec == Lzo) throw ParquetFault.Unsupported($"pages compressed by LZO cannot be read");
        if (codec is < 0 or > 7) throw ParquetFault.Unsupported($"the codec {codec} is not known");
    }

    /// <summary>Refuses a size that compressed bytes of that length cannot hold, before memory is taken.</summary>
    public static void CheckSize(int codec, int compressed, int uncompressed)
    {
        // What the formats can reach at most: Snappy 64 bytes for 3, LZ4 255 a byte, deflate 1032 a byte.
        long most = codec switch
        {
            (int)ParquetCompression.None => compressed,
            (int)ParquetCompression.Snappy => 22L * compressed + 64,
            (int)ParquetCompression.Gzip => 1040L * compressed,
            Lz4Hadoop or (int)ParquetCompression.Lz4 => 256L * compressed,
            _ => (1L << 20) * compressed,
        };
        if (uncompressed > most)
            throw ParquetFault.Broken($"a page of {compressed} bytes cannot hold the {uncompressed} that it claims");
    }

    /// <summary>Decompresses to exactly the target's length.</summary>
    public static void Decompress(int codec, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (codec)
        {
            case (int)ParquetCompression.None:
                if (source.Length != target.Length)
                    throw ParquetFault.Broken($"a page has {source.Length} bytes where {target.Length} are claimed");
                source.CopyTo(target);
                break;
            case (int)ParquetCompression.Snappy:
                Unsnap(source, target);
                break;
            case (int)ParquetCompression.Gzip:
                Gunzip(source, target);
                break;
            case (int)ParquetCompression.Brotli:
                if (!BrotliDecoder.TryDecompress(source, target, out int written) || written != target.Length)
                    throw ParquetFault.Broken($"a page is not Brotli, or not of the length that its header says");
                break;
            case (int)ParquetCompression.Zstd:
                Check(Zstd.Decompress(source, target), "zstd");
                break;
            case (int)ParquetCompression.Lz4:
                Check(Lz4.Decompress(source, target), "LZ4");
                break;
            default:
                if (!TryHadoop(source, target)) Check(Lz4.Decompress(source, target), "LZ4");
                break;
        }
    }

    private static void Gzip(int? level, ReadOnlySpan<byte> source, GrowingBytes target)
    {
        using var memory = new MemoryStream();
        var options = new ZLibCompressionOptions { CompressionLevel = level ?? 6 };
        using (var gzip = new GZipStream(memory, options, leaveOpen: true)) gzip.Write(source);
        target.Add(memory.GetBuffer().AsSpan(0, (int)memory.Length));
    }

    private static void Gunzip(ReadOnlySpan<byte> source, Span<byte> target)
    {
        try
        {
            using var memory = new MemoryStream(source.ToArray());
            using var gzip = new GZipStream(memory, CompressionMode.Decompress);
            if (gzip.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) != target.Length
                || gzip.ReadByte() >= 0)
            {
                throw ParquetFault.Broken($"a gzip page is not of the length that its header says");
            }
        }
        catch (InvalidDataException e)
        {
            throw new ParquetFault("a page is not gzip", inner: e);
        }
    }

    /// <summary>Hadoop's form: pieces, each after its two lengths in big-endian.</summary>
    private static bool TryHadoop(ReadOnlySpan<byte> source, Span<byte> target)
    {
        while (!source.IsEmpty)
        {
            if (source.Length < 8) return false;
            uint whole = BinaryPrimitives.ReadUInt32BigEndian(source);
            uint piece = BinaryPrimitives.ReadUInt32BigEndian(source[4..]);
            source = source[8..];
            if (whole > (uint)target.Length || piece > (uint)source.Length) return false;
            if (Lz4.Decompress(source[..(int)piece], target[..(int)whole]) != CodecResult.Complete) return false;
            source = source[(int)piece..];
            target = target[(int)whole..];
        }

        return target.IsEmpty;
    }

    private static void Unsnap(ReadOnlySpan<byte> source, Span<byte> target)
    {
        try
        {
            int length = Snappy.GetUncompressedLength(source);
            if (length != target.Length)
                throw ParquetFault.Broken($"a Snappy page holds {length} bytes where its header says {target.Length}");
            if (!Snappy.TryDecompress(source, target, out int written) || written != target.Length)
                throw ParquetFault.Broken($"a page is not Snappy, or not of the length it says");
        }
        catch (InvalidDataException e)
        {
            throw new ParquetFault("a page is not Snappy", inner: e);
        }
    }

    private static void Check(CodecResult result, string name)
    {
        if (result != CodecResult.Complete)
            throw ParquetFault.Broken($"a page is not {name}, or of another length than it says");
    }
}
