using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Parquet;

/// <summary>Numbers of a fixed count of bits, the lowest bit of the first byte first.</summary>
internal static class BitPacking
{
    // A read of 8 bytes at any bit offset contains a whole number of this many bits.
    private const int MaxSingleRead = 57;

    public static int ByteCount(int values, int width) => (int)(((long)values * width + 7) >> 3);

    /// <summary>The bits that a number takes.</summary>
    public static int WidthOf(ulong largest) => 64 - BitOperations.LeadingZeroCount(largest);

    /// <summary>Unpacks as many numbers as the target holds; the source has all their bytes.</summary>
    public static void Unpack<T>(ReadOnlySpan<byte> source, int width, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (width == 0)
        {
            target.Clear();
            return;
        }

        if (width == 8 && typeof(T) == typeof(byte))
        {
            source[..target.Length].CopyTo(MemoryMarshal.AsBytes(target));
            return;
        }

        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        int i = 0;
        long bit = 0;
        if (width <= MaxSingleRead)
        {
            // As many as can be read by 8 bytes at once without passing the end.
            long safe = source.Length < 8 ? 0 : (((long)source.Length - 8) * 8 + 7) / width + 1;
            int quick = (int)Math.Min(target.Length, safe);
            for (; i < quick; i++, bit += width)
            {
                ulong word = BinaryPrimitives.ReadUInt64LittleEndian(source[(int)(bit >> 3)..]);
                target[i] = T.CreateTruncating(word >> (int)(bit & 7) & mask);
            }
        }

        for (; i < target.Length; i++, bit += width)
            target[i] = T.CreateTruncating(Read(source, bit, width) & mask);
    }

    /// <summary>Packs numbers of at most <paramref name="width"/> bits; zeros follow to a whole byte.</summary>
    public static void Pack<T>(ReadOnlySpan<T> source, int width, Span<byte> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (width == 0) return;
        ulong held = 0, mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        int bits = 0, at = 0;
        foreach (T item in source)
        {
            ulong value = ulong.CreateTruncating(item) & mask;
            held |= value << bits;
            int free = 64 - bits;
            bits += width;
            if (bits < 64) continue;
            BinaryPrimitives.WriteUInt64LittleEndian(target[at..], held);
            at += 8;
            bits -= 64;
            held = free == 64 ? 0 : value >> free;
        }

        for (; bits > 0; bits -= 8, held >>= 8) target[at++] = (byte)held;
    }

    /// <summary>One number at a bit, read byte by byte where the end is near.</summary>
    private static ulong Read(ReadOnlySpan<byte> source, long bit, int width)
    {
        int at = (int)(bit >> 3), shift = (int)(bit & 7);
        int bytes = (shift + width + 7) >> 3;
        ulong value = 0;
        for (int i = 0; i < bytes; i++)
        {
            int place = 8 * i - shift;
            value |= place >= 0 ? (ulong)source[at + i] << place : (ulong)source[at + i] >> -place;
        }

        return value;
    }
}
