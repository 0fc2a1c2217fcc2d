using System.Numerics;

namespace ArrowCid.Parquet;

/// <summary>DELTA_BINARY_PACKED: differences in blocks, each miniblock with bits of its own.</summary>
internal static class DeltaPacking
{
    private const int BlockValues = 128, Miniblocks = 4, MiniblockValues = BlockValues / Miniblocks;

    /// <summary>The number of values that encoded bytes say they hold.</summary>
    public static int Count(ReadOnlySpan<byte> source)
    {
        int at = 0;
        _ = Varint(source, ref at);
        _ = Varint(source, ref at);
        ulong count = Varint(source, ref at);
        return count <= int.MaxValue ? (int)count : throw ParquetFault.Broken($"a delta page holds {count} values");
    }

    /// <summary>Reads all values, whose number the caller took from <see cref="Count"/>.</summary>
    /// <typeparam name="T">int or long: sums wrap as the physical type does.</typeparam>
    /// <returns>The bytes used.</returns>
    public static int Read<T>(ReadOnlySpan<byte> source, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int at = 0;
        ulong blockValues = Varint(source, ref at), miniblocks = Varint(source, ref at);
        _ = Varint(source, ref at);
        T value = T.CreateTruncating(ZigZag(Varint(source, ref at)));
        if (target.IsEmpty) return at;
        target[0] = value;
        int filled = 1;
        if (filled == target.Length) return at;
        if (miniblocks is 0 or > 1 << 16 || blockValues is 0 or > 1 << 24 || blockValues % miniblocks != 0
            || blockValues / miniblocks % 32 != 0)
        {
            throw ParquetFault.Broken(
                $"a delta page has blocks of {blockValues} values in {miniblocks} miniblocks, which is forbidden");
        }

        int each = (int)(blockValues / miniblocks), most = int.CreateTruncating(T.MaxValue) < 0 ? 64 : 32;
        while (filled < target.Length)
        {
            T least = T.CreateTruncating(ZigZag(Varint(source, ref at)));
            if ((ulong)(source.Length - at) < miniblocks) throw Short();
            ReadOnlySpan<byte> widths = source.Slice(at, (int)miniblocks);
            at += (int)miniblocks;
            foreach (byte width in widths)
            {
                if (filled == target.Length) break;
                if (width > most) throw ParquetFault.Broken($"a delta page has differences of {width} bits");
                int count = Math.Min(each, target.Length - filled);
                int bytes = BitPacking.ByteCount(each, width), needed = BitPacking.ByteCount(count, width);
                if (source.Length - at < needed) throw Short();
                Span<T> part = target.Slice(filled, count);
                BitPacking.Unpack(source.Slice(at, Math.Min(bytes, source.Length - at)), width, part);
                for (int i = 0; i < part.Length; i++)
                {
                    value = unchecked(value + part[i] + least);
                    part[i] = value;
                }

                filled += count;
                at = Math.Min(at + bytes, source.Length);
            }
        }

        return at;
    }

    /// <summary>Writes values after what the target holds.</summary>
    public static void Write<T>(ReadOnlySpan<T> values, GrowingBytes target)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        target.AddVarint(BlockValues);
        target.AddVarint(Miniblocks);
        target.AddVarint((ulong)values.Length);
        target.AddVarint(ZagZig(values.IsEmpty ? 0 : long.CreateTruncating(values[0])));
        Span<T> deltas = stackalloc T[BlockValues];
        for (int start = 1; start < values.Length; start += BlockValues)
        {
            int count = Math.Min(BlockValues, values.Length - start);
            T least = T.MaxValue;
            for (int i = 0; i < count; i++)
            {
                deltas[i] = unchecked(values[start + i] - values[start + i - 1]);
                if (deltas[i] < least) least = deltas[i];
            }

            deltas[count..].Fill(least);
            for (int i = 0; i < BlockValues; i++) deltas[i] = unchecked(deltas[i] - least);
            target.AddVarint(ZagZig(long.CreateTruncating(least)));
            WriteMiniblocks(deltas, count, target);
        }
    }

    private static void WriteMiniblocks<T>(Span<T> deltas, int count, GrowingBytes target)
        where T : unmanaged, IBinaryInteger<T>
    {
        int widths = target.Count;
        for (int m = 0; m < Miniblocks; m++) target.Add(0);
        for (int m = 0; m * MiniblockValues < count; m++)
        {
            ReadOnlySpan<T> part = deltas.Slice(m * MiniblockValues, MiniblockValues);
            T all = T.Zero;
            foreach (T delta in part) all |= delta;
            // The bits of the type alone: a negative int has 32 of them.
            int width = all.GetByteCount() * 8 - int.CreateTruncating(T.LeadingZeroCount(all));
            target.At(widths + m, 1)[0] = (byte)width;
            int bytes = BitPacking.ByteCount(MiniblockValues, width);
            BitPacking.Pack(part, width, target.GetSpan(bytes + 8));
            target.Advance(bytes);
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> source, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at >= source.Length) throw Short();
            byte next = source[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw ParquetFault.Broken($"a delta page has a number of more than ten bytes");
    }

    private static long ZigZag(ulong raw) => (long)(raw >> 1) ^ -(long)(raw & 1);

    private static ulong ZagZig(long value) => (ulong)(value << 1 ^ value >> 63);

    private static ParquetFault Short() => ParquetFault.Broken($"a delta page ends before its values do");
}
