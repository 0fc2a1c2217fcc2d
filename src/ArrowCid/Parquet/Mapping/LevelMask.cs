using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowCid.Parquet;

/// <summary>Levels looked at 32 at a time: a bit each where they pass a limit, the first one lowest.</summary>
internal static class LevelMask
{
    /// <summary>The levels of a mask.</summary>
    public const int Step = 32;

    /// <summary>Bytes after a bitmap that <see cref="Append"/> may touch without changing them.</summary>
    public const int Slack = sizeof(ulong);

    /// <summary>Which of the next levels, 32 at most, are at least so high.</summary>
    public static uint AtLeast(ReadOnlySpan<byte> levels, int from, int least)
    {
        ReadOnlySpan<byte> next = levels[from..];
        if (next.Length >= Step)
        {
            return Vector256.GreaterThanOrEqual(Vector256.Create(next), Vector256.Create((byte)least))
                .ExtractMostSignificantBits();
        }

        uint mask = 0;
        for (int i = 0; i < next.Length; i++) mask |= (next[i] >= least ? 1u : 0) << i;
        return mask;
    }

    /// <summary>Which of the next levels, 32 at most, are at most so high.</summary>
    public static uint AtMost(ReadOnlySpan<byte> levels, int from, int most)
    {
        ReadOnlySpan<byte> next = levels[from..];
        if (next.Length >= Step)
        {
            return Vector256.LessThanOrEqual(Vector256.Create(next), Vector256.Create((byte)most))
                .ExtractMostSignificantBits();
        }

        uint mask = 0;
        for (int i = 0; i < next.Length; i++) mask |= (next[i] <= most ? 1u : 0) << i;
        return mask;
    }

    /// <summary>How many levels are at least so high.</summary>
    public static int CountAtLeast(ReadOnlySpan<byte> levels, int least)
    {
        int count = 0;
        for (int i = 0; i < levels.Length; i += Step) count += BitOperations.PopCount(AtLeast(levels, i, least));
        return count;
    }

    /// <summary>Appends to a bitmap of zeros the bits that a mask picks.</summary>
    /// <param name="bitmap">The bitmap, with <see cref="Slack"/> after it.</param>
    /// <param name="count">Its bits so far.</param>
    /// <param name="bits">The bits.</param>
    /// <param name="mask">Which of them.</param>
    /// <returns>Its bits then.</returns>
    public static int Append(Span<byte> bitmap, int count, uint bits, uint mask)
    {
        Span<byte> place = bitmap.Slice(count >> 3, sizeof(ulong));
        ulong word = BinaryPrimitives.ReadUInt64LittleEndian(place) | (ulong)Picked(bits, mask) << (count & 7);
        BinaryPrimitives.WriteUInt64LittleEndian(place, word);
        return count + BitOperations.PopCount(mask);
    }

    private static uint Picked(uint bits, uint mask)
    {
        if (mask == uint.MaxValue) return bits;
        if (Bmi2.IsSupported) return Bmi2.ParallelBitExtract(bits, mask);
        uint picked = 0;
        for (int to = 0; mask != 0; mask &= mask - 1, to++)
            picked |= (bits >> BitOperations.TrailingZeroCount(mask) & 1) << to;
        return picked;
    }
}
