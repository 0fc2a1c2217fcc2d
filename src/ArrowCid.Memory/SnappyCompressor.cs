using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ArrowCid.Memory;

/// <summary>
/// Compresses by Snappy's block format. Fragments of 64 KiB stand alone, so that a place in one takes 16 bits; where
/// nothing repeats the steps grow, so that what cannot be shortened costs little. The same bytes give the same bytes.
/// </summary>
internal static unsafe class SnappyCompressor
{
    private const int FragmentBytes = 1 << 16;
    private const int MostTableBits = 14, LeastTableBits = 8;

    // No search begins so close to a fragment's end, and a literal of so many bytes is one load and store.
    private const int Margin = 16;

    // A copy with a distance of 11 bits takes 2 bytes and holds 4 to 11, one of 16 bits takes 3 and holds up to 64.
    private const int MostShort = 11, MostLong = 64, NearDistance = 1 << 11;

    /// <summary>More than so many bytes can take: a literal takes 3 bytes more than it holds, a copy fewer.</summary>
    public static int Room(int length) => checked(length + length / 6 + 4 * Margin);

    /// <summary>Compresses a block.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="target">Gets their length and the compressed bytes; <see cref="Room"/> of them at least.</param>
    /// <returns>The bytes that were written.</returns>
    public static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(target.Length, Room(source.Length), nameof(target));
        int written = WriteLength(source.Length, target);
        ushort* table = stackalloc ushort[1 << MostTableBits];
        // SAFETY: both spans are pinned for as long as the pointers are used. Reading stays in a fragment: see Fragment.
        // Writing stays in Room(source.Length), and nothing is written but what counts.
        fixed (byte* from = source, to = target)
        {
            byte* next = to + written;
            for (int at = 0; at < source.Length; at += FragmentBytes)
                next = Fragment(from + at, Math.Min(FragmentBytes, source.Length - at), next, table);
            return (int)(next - to);
        }
    }

    private static int WriteLength(int length, Span<byte> target)
    {
        uint left = (uint)length;
        int written = 0;
        for (; left >= 0x80; left >>= 7) target[written++] = (byte)(left | 0x80);
        target[written++] = (byte)left;
        return written;
    }

    // SAFETY: `start` has `length` bytes; `at` never passes `limit`, 16 bytes before their end, where 8 bytes are read at
    // `at`; a candidate is before `at`. The table has 2^bits entries and a hash is below that.
    private static byte* Fragment(byte* start, int length, byte* to, ushort* table)
    {
        byte* end = start + length, pending = start;
        if (length > Margin)
        {
            int bits = Math.Clamp(BitOperations.Log2((uint)length - 1) + 1, LeastTableBits, MostTableBits);
            int shift = 32 - bits;
            new Span<ushort>(table, 1 << bits).Clear();
            byte* limit = end - Margin, at = start + 1;
            while (true)
            {
                byte* found = Search(start, ref at, limit, table, shift);
                if (found is null) break;
                to = Literal(to, pending, (int)(at - pending));
                do
                {
                    int same = 4 + Same(found + 4, at + 4, end);
                    to = Copy(to, (int)(at - found), same);
                    at += same;
                    pending = at;
                    if (at >= limit) break;
                    table[Hash(Read(at - 1), shift)] = (ushort)(at - 1 - start);
                    ref ushort entry = ref table[Hash(Read(at), shift)];
                    found = start + entry;
                    entry = (ushort)(at - start);
                }
                while (Read(at) == Read(found));

                if (++at >= limit) break;
            }
        }

        return pending < end ? Literal(to, pending, (int)(end - pending)) : to;
    }

    /// <summary>Goes on to a place whose 4 bytes stood before; null where none is left.</summary>
    private static byte* Search(byte* start, ref byte* at, byte* limit, ushort* table, int shift)
    {
        // After 32 misses every other place is tried, after 64 every third.
        const int slowness = 5;
        byte* place = at;
        for (int tried = 1 << slowness; place < limit; place += tried++ >> slowness)
        {
            uint bytes = Read(place);
            ref ushort entry = ref table[Hash(bytes, shift)];
            byte* candidate = start + entry;
            entry = (ushort)(place - start);
            if (Read(candidate) != bytes) continue;
            at = place;
            return candidate;
        }

        return null;
    }

    /// <summary>How many bytes two places have in common.</summary>
    private static int Same(byte* one, byte* two, byte* end)
    {
        byte* from = two;
        while (end - two >= sizeof(ulong))
        {
            ulong difference = *(ulong*)one ^ *(ulong*)two;
            if (difference != 0) return (int)(two - from) + (BitOperations.TrailingZeroCount(difference) >> 3);
            one += sizeof(ulong);
            two += sizeof(ulong);
        }

        while (two < end && *one == *two)
        {
            one++;
            two++;
        }

        return (int)(two - from);
    }

    private static byte* Literal(byte* to, byte* from, int count)
    {
        const int inTag = 60;
        int rest = count - 1;
        if (count <= Margin)
        {
            *to++ = (byte)(rest << 2);
            if (count == Margin) Vector128.Load(from).Store(to);
            else Short(to, from, count);
            return to + count;
        }

        if (rest < inTag)
        {
            *to++ = (byte)(rest << 2);
        }
        else if (rest < 1 << 8)
        {
            *to++ = inTag << 2;
            *to++ = (byte)rest;
        }
        else
        {
            *to++ = (inTag + 1) << 2;
            *to++ = (byte)rest;
            *to++ = (byte)(rest >> 8);
        }

        Buffer.MemoryCopy(from, to, count, count);
        return to + count;
    }

    /// <summary>Copies fewer than 16 bytes: two copies that may overlap.</summary>
    private static void Short(byte* to, byte* from, int count)
    {
        if (count >= 8)
        {
            *(ulong*)to = *(ulong*)from;
            *(ulong*)(to + count - 8) = *(ulong*)(from + count - 8);
        }
        else if (count >= 4)
        {
            *(uint*)to = *(uint*)from;
            *(uint*)(to + count - 4) = *(uint*)(from + count - 4);
        }
        else
        {
            for (int i = 0; i < count; i++) to[i] = from[i];
        }
    }

    private static byte* Copy(byte* to, int distance, int length)
    {
        // What is left is at least 4 bytes, so that it may be a short copy.
        while (length >= MostLong + 4) to = Long(to, distance, MostLong, ref length);
        if (length > MostLong) to = Long(to, distance, MostLong - 4, ref length);
        if (length > MostShort || distance >= NearDistance) return Long(to, distance, length, ref length);
        *to++ = (byte)(1 | (length - 4) << 2 | distance >> 8 << 5);
        *to++ = (byte)distance;
        return to;
    }

    private static byte* Long(byte* to, int distance, int count, ref int length)
    {
        *to++ = (byte)(2 | (count - 1) << 2);
        *to++ = (byte)distance;
        *to++ = (byte)(distance >> 8);
        length -= count;
        return to;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Read(byte* from) => *(uint*)from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(uint bytes, int shift) => (bytes * 0x9E3779B1) >> shift;
}
