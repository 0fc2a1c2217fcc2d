using System.Buffers.Binary;
using System.IO.Hashing;
using K4os.Compression.LZ4;

namespace ArrowCid.Compression;

/// <summary>
/// LZ4 frames (LZ4 Frame Format 1.6.1). They are read to a target of a known length: blocks are decompressed in place,
/// without the copy and the buffers of a streaming reader, and every checksum that the frame carries is compared. They
/// are written in independent blocks of 4 MiB without checksums, as the bytes are hashed elsewhere.
/// </summary>
internal static class Lz4Frame
{
    private const uint Magic = 0x184D2204;
    private const uint Stored = 1u << 31;

    // Bits of the frame's flags. Version 01 stands in the two highest.
    private const int HasDictionary = 1, Reserved = 2, HasContentChecksum = 4, HasContentSize = 8,
        HasBlockChecksum = 16, BlocksAreIndependent = 32, VersionMask = 0xC0, Version = 0x40;

    private const int Window = 1 << 16;

    // What a written frame has: 7 bytes in front, 4 in front of each block, 4 at the end.
    private const int BlockSize = 1 << 22, BlockSizeCode = 7 << 4, HeaderBytes = 7;

    /// <summary>The most bytes that the frame of a source of this length takes.</summary>
    public static long MaxCompressedLength(int length) =>
        HeaderBytes + sizeof(uint) + ((long)length + BlockSize - 1) / BlockSize * sizeof(uint) + length;

    /// <summary>Compresses to one frame.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="target">At least <see cref="MaxCompressedLength"/> bytes.</param>
    /// <returns>The length of the frame.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        target[4] = Version | BlocksAreIndependent;
        target[5] = BlockSizeCode;
        target[6] = (byte)(XxHash32.HashToUInt32(target.Slice(4, 2)) >> 8);
        int at = HeaderBytes;
        for (; !source.IsEmpty; source = source[Math.Min(BlockSize, source.Length)..])
        {
            ReadOnlySpan<byte> block = source[..Math.Min(BlockSize, source.Length)];
            // A block that does not become smaller is stored: the target has no space for a larger one.
            int written = block.Length == 1
                ? 0
                : LZ4Codec.Encode(block, target.Slice(at + sizeof(uint), block.Length - 1));
            uint word = (uint)written;
            if (written <= 0)
            {
                block.CopyTo(target[(at + sizeof(uint))..]);
                written = block.Length;
                word = (uint)written | Stored;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(target[at..], word);
            at += sizeof(uint) + written;
        }

        target.Slice(at, sizeof(uint)).Clear();
        return at + sizeof(uint);
    }

    /// <summary>Decompresses one frame to exactly the target's length.</summary>
    /// <param name="source">The frame and nothing after it.</param>
    /// <param name="target">The bytes that the frame must hold.</param>
    public static CodecResult Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!TryReadHeader(ref source, out int flags, out int blockSize, out ulong? size)) return CodecResult.Broken;
        if (size is { } known && known != (ulong)target.Length) return CodecResult.OtherLength;
        int written = 0;
        while (true)
        {
            if (!TryReadUInt32(ref source, out uint word)) return CodecResult.Broken;
            if (word == 0) break;
            uint length = word & ~Stored;
            if (length > (uint)blockSize || length > (uint)source.Length) return CodecResult.Broken;
            ReadOnlySpan<byte> block = source[..(int)length];
            source = source[(int)length..];
            if ((flags & HasBlockChecksum) != 0
                && (!TryReadUInt32(ref source, out uint sum) || sum != XxHash32.HashToUInt32(block)))
            {
                return CodecResult.Broken;
            }

            Span<byte> space = target.Slice(written, Math.Min(blockSize, target.Length - written));
            int count = (word & Stored) != 0
                ? CopyStored(block, space)
                : Decode(block, space, (flags & BlocksAreIndependent) != 0 ? default : target[..written]);
            // A block of a longer frame fails as a broken one does, for lack of space.
            if (count < 0) return space.Length < blockSize ? CodecResult.OtherLength : CodecResult.Broken;
            written += count;
        }

        if (written != target.Length) return CodecResult.OtherLength;
        if ((flags & HasContentChecksum) != 0
            && (!TryReadUInt32(ref source, out uint whole) || whole != XxHash32.HashToUInt32(target)))
        {
            return CodecResult.Broken;
        }

        return source.IsEmpty ? CodecResult.Complete : CodecResult.OtherLength;
    }

    private static bool TryReadHeader(ref ReadOnlySpan<byte> source, out int flags, out int blockSize, out ulong? size)
    {
        (flags, blockSize, size) = (0, 0, null);
        if (!TryReadUInt32(ref source, out uint magic) || magic != Magic || source.Length < 3) return false;
        ReadOnlySpan<byte> descriptor = source;
        flags = source[0];
        int sizes = source[1] >> 4;
        // Four sizes from 64 KiB to 4 MiB; the other bits are reserved. Arrow has no dictionaries to name.
        if ((flags & VersionMask) != Version || (flags & (Reserved | HasDictionary)) != 0) return false;
        if (sizes is < 4 or > 7 || (source[1] & 0x0F) != 0) return false;
        blockSize = 1 << (8 + 2 * sizes);
        source = source[2..];
        if ((flags & HasContentSize) != 0)
        {
            if (source.Length < sizeof(ulong) + 1) return false;
            size = BinaryPrimitives.ReadUInt64LittleEndian(source);
            source = source[sizeof(ulong)..];
        }

        byte sum = (byte)(XxHash32.HashToUInt32(descriptor[..(descriptor.Length - source.Length)]) >> 8);
        if (source[0] != sum) return false;
        source = source[1..];
        return true;
    }

    private static bool TryReadUInt32(ref ReadOnlySpan<byte> source, out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(source, out value)) return false;
        source = source[sizeof(uint)..];
        return true;
    }

    private static int CopyStored(ReadOnlySpan<byte> block, Span<byte> space)
    {
        if (!block.TryCopyTo(space)) return -1;
        return block.Length;
    }

    private static int Decode(ReadOnlySpan<byte> block, Span<byte> space, ReadOnlySpan<byte> before)
    {
        if (space.IsEmpty) return block is [0] ? 0 : -1;
        if (before.Length > Window) before = before[^Window..];
        return before.IsEmpty ? LZ4Codec.Decode(block, space) : LZ4Codec.Decode(block, space, before);
    }
}
