using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>How a codec's call ended.</summary>
internal enum CodecResult
{
    Done,

    /// <summary>The system has no such library.</summary>
    NoLibrary,

    /// <summary>The bytes are not a frame of the codec.</summary>
    Broken,

    /// <summary>The frame holds more or fewer bytes than the target, or bytes follow it.</summary>
    OtherLength,
}

/// <summary>LZ4 frames and zstd by the system's libraries, which are looked for once.</summary>
internal static unsafe partial class SystemCodecs
{
    private static readonly bool s_hasLz4 = NativeLibrary.TryLoad(Lz4, out _);
    private static readonly bool s_hasZstd = NativeLibrary.TryLoad(Zstd, out _);

    public static bool HasLz4 => s_hasLz4;

    public static bool HasZstd => s_hasZstd;

    /// <summary>Decompresses exactly one frame to exactly the target's length.</summary>
    public static CodecResult DecompressLz4Frame(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!s_hasLz4) return CodecResult.NoLibrary;
        nint context = 0;
        if (Lz4IsError(Lz4CreateContext(&context, Lz4Version)) != 0) return CodecResult.Broken;
        try
        {
            // SAFETY: both spans are pinned for the calls, and the library is told what is left of each.
            fixed (byte* from = source, to = target)
            {
                nuint read = 0, written = 0, hint = 1;
                while (hint != 0)
                {
                    nuint reads = (nuint)source.Length - read, writes = (nuint)target.Length - written;
                    hint = Lz4Decompress(context, to + written, &writes, from + read, &reads, 0);
                    if (Lz4IsError(hint) != 0) return CodecResult.Broken;
                    read += reads;
                    written += writes;
                    if (hint != 0 && reads == 0 && writes == 0) return CodecResult.OtherLength;
                }

                return read == (nuint)source.Length && written == (nuint)target.Length
                    ? CodecResult.Done
                    : CodecResult.OtherLength;
            }
        }
        finally
        {
            _ = Lz4FreeContext(context);
        }
    }

    /// <summary>Decompresses frames to exactly the target's length.</summary>
    public static CodecResult DecompressZstd(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!s_hasZstd) return CodecResult.NoLibrary;
        // SAFETY: both spans are pinned for the call, and the library is told their lengths.
        fixed (byte* from = source, to = target)
        {
            nuint written = ZstdDecompress(to, (nuint)target.Length, from, (nuint)source.Length);
            if (ZstdIsError(written) != 0)
                return ZstdErrorCode(written) == ZstdTargetTooSmall ? CodecResult.OtherLength : CodecResult.Broken;
            return written == (nuint)target.Length ? CodecResult.Done : CodecResult.OtherLength;
        }
    }

    /// <summary>Decompresses one LZ4 block, which is no frame, to exactly the target's length.</summary>
    public static CodecResult DecompressLz4Block(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!s_hasLz4) return CodecResult.NoLibrary;
        // SAFETY: both spans are pinned for the call, and the library is told their lengths.
        fixed (byte* from = source, to = target)
        {
            int written = Lz4DecompressBlock(from, to, source.Length, target.Length);
            if (written < 0) return CodecResult.Broken;
            return written == target.Length ? CodecResult.Done : CodecResult.OtherLength;
        }
    }

    /// <summary>The most bytes that an LZ4 block of so many bytes takes.</summary>
    public static int Lz4BlockRoom(int length) => s_hasLz4 ? Lz4BlockBound(length) : 0;

    /// <summary>One LZ4 block of the bytes; -1 where the library is not here.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="target">Has the room that <see cref="Lz4BlockRoom"/> says.</param>
    /// <returns>The block's length.</returns>
    public static int CompressLz4Block(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!s_hasLz4) return -1;
        // SAFETY: both spans are pinned for the call, and the library is told their lengths.
        fixed (byte* from = source, to = target)
        {
            int written = Lz4CompressBlock(from, to, source.Length, target.Length);
            return written > 0
                ? written
                : throw new InvalidOperationException("LZ4_compress_default failed within its bound.");
        }
    }

    /// <summary>The most bytes that a zstd frame of so many bytes takes.</summary>
    public static int ZstdRoom(int length) => s_hasZstd ? checked((int)ZstdBound((nuint)length)) : 0;

    /// <summary>One zstd frame of the bytes; -1 where the library is not here.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="target">Has the room that <see cref="ZstdRoom"/> says.</param>
    /// <param name="level">zstd's level, 1 (fastest) to 19.</param>
    /// <returns>The frame's length.</returns>
    public static int CompressZstd(ReadOnlySpan<byte> source, Span<byte> target, int level)
    {
        if (!s_hasZstd) return -1;
        // SAFETY: both spans are pinned for the call, and the library is told their lengths.
        fixed (byte* from = source, to = target)
        {
            nuint written = ZstdCompress(to, (nuint)target.Length, from, (nuint)source.Length, level);
            return ZstdIsError(written) == 0
                ? (int)written
                : throw new InvalidOperationException("ZSTD_compress failed within its bound.");
        }
    }

    /// <summary>One LZ4 frame of the bytes; null where the library is not here.</summary>
    public static byte[]? CompressLz4Frame(ReadOnlySpan<byte> source)
    {
        if (!s_hasLz4) return null;
        byte[] target = new byte[checked((int)Lz4FrameBound((nuint)source.Length, 0))];
        // SAFETY: both are pinned for the call, and the library is told their lengths.
        fixed (byte* from = source, to = target)
        {
            nuint written = Lz4CompressFrame(to, (nuint)target.Length, from, (nuint)source.Length, 0);
            if (Lz4IsError(written) != 0)
                throw new InvalidOperationException("LZ4F_compressFrame failed within its bound.");
            return target[..(int)written];
        }
    }

    /// <summary>One zstd frame of the bytes; null where the library is not here.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="level">zstd's level, 1 (fastest) to 19.</param>
    public static byte[]? CompressZstd(ReadOnlySpan<byte> source, int level = 3)
    {
        if (!s_hasZstd) return null;
        byte[] target = new byte[ZstdRoom(source.Length)];
        return target[..CompressZstd(source, target, level)];
    }
}
