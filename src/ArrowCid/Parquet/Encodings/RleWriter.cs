using System.Numerics;
using ArrowCid.Columnar;

namespace ArrowCid.Parquet;

/// <summary>Writes the hybrid of runs and bit-packed groups.</summary>
internal static class RleWriter
{
    // A group has 8 numbers; a run is worth its head from there on.
    private const int Group = 8;

    /// <summary>Writes numbers of at most <paramref name="width"/> bits after what the target holds.</summary>
    public static void Write<T>(ReadOnlySpan<T> values, int width, GrowingBytes target)
        where T : unmanaged, IBinaryInteger<T>
    {
        int literals = 0;
        for (int i = 0; i < values.Length;)
        {
            int run = RunLength(values[i..]);
            if (run >= Group)
            {
                // The packed groups before the run are filled from it.
                int fill = (Group - (i - literals) % Group) % Group;
                if (run - fill >= Group)
                {
                    Packed(values[literals..(i + fill)], width, target);
                    Run(run - fill, uint.CreateTruncating(values[i]), width, target);
                    literals = i + run;
                }
            }

            i += run;
        }

        Packed(values[literals..], width, target);
    }

    /// <summary>Writes bits of a bitmap as numbers of one bit.</summary>
    public static void WriteBits(ReadOnlySpan<byte> bits, int start, int count, GrowingBytes target)
    {
        // A run takes two or three bytes, so it pays from about four groups on.
        const int Worth = 4 * Group;
        int literals = start, end = start + count;
        for (int i = start; i < end;)
        {
            int run = Bits.RunLength(bits, i, end - i);
            int fill = (Group - (i - literals) % Group) % Group;
            if (run - fill >= Worth)
            {
                PackedBits(bits, literals, i + fill - literals, target);
                Run(run - fill, Bits.Get(bits, i) ? 1u : 0, 1, target);
                literals = i + run;
            }

            i += run;
        }

        PackedBits(bits, literals, end - literals, target);
    }

    private static int RunLength<T>(ReadOnlySpan<T> values) where T : unmanaged, IBinaryInteger<T>
    {
        const int Few = 16;
        T first = values[0];
        int most = Math.Min(values.Length, Few);
        int i = 1;
        while (i < most && values[i] == first) i++;
        if (i < Few) return i;
        int other = values[Few..].IndexOfAnyExcept(first);
        return other < 0 ? values.Length : Few + other;
    }

    public static void Run(int count, uint value, int width, GrowingBytes target)
    {
        target.AddVarint((ulong)count << 1);
        for (int bits = 0; bits < width; bits += 8) target.Add((byte)(value >> bits));
    }

    private static void Packed<T>(ReadOnlySpan<T> values, int width, GrowingBytes target)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (values.IsEmpty) return;
        int groups = (values.Length + Group - 1) / Group;
        target.AddVarint((ulong)groups << 1 | 1);
        int bytes = groups * width;
        // Packing writes eight bytes at a time.
        Span<byte> span = target.GetSpan(bytes + 8);
        span[..(bytes + 8)].Clear();
        BitPacking.Pack(values, width, span);
        target.Advance(bytes);
    }

    private static void PackedBits(ReadOnlySpan<byte> bits, int start, int count, GrowingBytes target)
    {
        if (count == 0) return;
        int bytes = Bits.ByteCount(count);
        target.AddVarint((ulong)bytes << 1 | 1);
        Span<byte> span = target.GetSpan(bytes)[..bytes];
        span.Clear();
        Bits.Copy(bits, start, span, 0, count);
        target.Advance(bytes);
    }
}
