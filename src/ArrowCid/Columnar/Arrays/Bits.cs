using System.Numerics;
using System.Runtime.InteropServices;

namespace ArrowCid.Columnar;

/// <summary>Bitmaps in Arrow's order: slot i is bit i mod 8 of byte i / 8.</summary>
internal static class Bits
{
    public static int ByteCount(int bits) => (int)(((long)bits + 7) >> 3);

    public static bool Get(ReadOnlySpan<byte> bits, int index) => (bits[index >> 3] >> (index & 7) & 1) != 0;

    public static void Set(Span<byte> bits, int index) => bits[index >> 3] |= (byte)(1 << (index & 7));

    public static void Clear(Span<byte> bits, int index) => bits[index >> 3] &= (byte)~(1 << (index & 7));

    /// <summary>One bits among <paramref name="count"/> bits from <paramref name="start"/>.</summary>
    public static int Count(ReadOnlySpan<byte> bits, int start, int count)
    {
        int total = 0;
        while (count > 0 && (start & 7) != 0)
        {
            total += bits[start >> 3] >> (start & 7) & 1;
            start++;
            count--;
        }

        bits = bits[(start >> 3)..];
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bits[..(count >> 6 << 3)]))
            total += BitOperations.PopCount(word);
        for (int i = count >> 6 << 6; i < count; i++) total += bits[i >> 3] >> (i & 7) & 1;
        return total;
    }

    /// <summary>
    /// How many bits from <paramref name="start"/> are like the first, at most <paramref name="most"/>.
    /// </summary>
    public static int RunLength(ReadOnlySpan<byte> bits, int start, int most)
    {
        ulong flip = Get(bits, start) ? ulong.MaxValue : 0;
        int count = 0;
        while (count < most)
        {
            int at = start + count, inByte = at & 7;
            ReadOnlySpan<byte> rest = bits[(at >> 3)..];
            ulong word = rest.Length >= 8 ? MemoryMarshal.Read<ulong>(rest) : rest[0];
            int known = rest.Length >= 8 ? 64 - inByte : 8 - inByte;
            ulong other = (word ^ flip) >> inByte;
            int same = Math.Min(other == 0 ? 64 : BitOperations.TrailingZeroCount(other), known);
            count += same;
            if (same < known) break;
        }

        return Math.Min(count, most);
    }

    /// <summary>Sets <paramref name="count"/> bits from <paramref name="start"/> to one.</summary>
    public static void Fill(Span<byte> bits, int start, int count)
    {
        int end = start + count;
        while (start < end && (start & 7) != 0) Set(bits, start++);
        int whole = end - start >> 3;
        if (whole > 0) bits.Slice(start >> 3, whole).Fill(0xFF);
        for (start += Math.Max(whole, 0) << 3; start < end; start++) Set(bits, start);
    }

    /// <summary>
    /// Copies <paramref name="count"/> bits from any place to bit <paramref name="to"/> of the target, whose bits there
    /// must be zero; nothing past the last one is touched.
    /// </summary>
    public static void Copy(ReadOnlySpan<byte> source, int from, Span<byte> target, int to, int count)
    {
        while (count > 0 && (to & 7) != 0)
        {
            if (Get(source, from++)) Set(target, to);
            to++;
            count--;
        }

        int shift = from & 7;
        int bytes = count >> 3;
        ReadOnlySpan<byte> bits = source[(from >> 3)..];
        Span<byte> whole = target[(to >> 3)..];
        if (shift == 0) bits[..bytes].CopyTo(whole);
        else ShiftCopy(bits, shift, whole[..bytes]);
        for (int i = bytes << 3; i < count; i++)
        {
            if (Get(source, from + i)) Set(target, to + i);
        }
    }

    private static void ShiftCopy(ReadOnlySpan<byte> source, int shift, Span<byte> target)
    {
        int i = 0;
        for (; i + 8 <= target.Length && i + 9 <= source.Length; i += 8)
        {
            ulong word = MemoryMarshal.Read<ulong>(source[i..]) >> shift | (ulong)source[i + 8] << (64 - shift);
            MemoryMarshal.Write(target[i..], in word);
        }

        for (; i < target.Length; i++) target[i] = (byte)(source[i] >> shift | source[i + 1] << (8 - shift));
    }
}
