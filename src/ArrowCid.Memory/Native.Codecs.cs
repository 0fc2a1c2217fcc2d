using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

// SAFETY: only SystemCodecs.cs calls these, with pinned spans and their lengths.
internal static unsafe partial class SystemCodecs
{
    private const string Lz4 = "liblz4.so.1";
    private const string Zstd = "libzstd.so.1";

    // LZ4F_VERSION and ZSTD_error_dstSize_tooSmall of the libraries' headers.
    private const uint Lz4Version = 100;
    private const int ZstdTargetTooSmall = 70;

    [LibraryImport(Lz4, EntryPoint = "LZ4F_createDecompressionContext")]
    private static partial nuint Lz4CreateContext(nint* context, uint version);

    [LibraryImport(Lz4, EntryPoint = "LZ4F_freeDecompressionContext")]
    private static partial nuint Lz4FreeContext(nint context);

    [LibraryImport(Lz4, EntryPoint = "LZ4F_decompress")]
    private static partial nuint Lz4Decompress(nint context, byte* target, nuint* targetLength, byte* source,
        nuint* sourceLength, nint options);

    [LibraryImport(Lz4, EntryPoint = "LZ4F_isError")]
    private static partial uint Lz4IsError(nuint code);

    [LibraryImport(Lz4, EntryPoint = "LZ4F_compressFrameBound")]
    private static partial nuint Lz4FrameBound(nuint length, nint preferences);

    [LibraryImport(Lz4, EntryPoint = "LZ4F_compressFrame")]
    private static partial nuint Lz4CompressFrame(byte* target, nuint targetLength, byte* source, nuint sourceLength,
        nint preferences);

    [LibraryImport(Lz4, EntryPoint = "LZ4_compressBound")]
    private static partial int Lz4BlockBound(int length);

    [LibraryImport(Lz4, EntryPoint = "LZ4_compress_default")]
    private static partial int Lz4CompressBlock(byte* source, byte* target, int sourceLength, int targetLength);

    [LibraryImport(Lz4, EntryPoint = "LZ4_decompress_safe")]
    private static partial int Lz4DecompressBlock(byte* source, byte* target, int sourceLength, int targetLength);

    [LibraryImport(Zstd, EntryPoint = "ZSTD_decompress")]
    private static partial nuint ZstdDecompress(byte* target, nuint targetLength, byte* source, nuint sourceLength);

    [LibraryImport(Zstd, EntryPoint = "ZSTD_isError")]
    private static partial uint ZstdIsError(nuint code);

    [LibraryImport(Zstd, EntryPoint = "ZSTD_getErrorCode")]
    private static partial int ZstdErrorCode(nuint code);

    [LibraryImport(Zstd, EntryPoint = "ZSTD_compressBound")]
    private static partial nuint ZstdBound(nuint length);

    [LibraryImport(Zstd, EntryPoint = "ZSTD_compress")]
    private static partial nuint ZstdCompress(byte* target, nuint targetLength, byte* source, nuint sourceLength,
        int level);
}
