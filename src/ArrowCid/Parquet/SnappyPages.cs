using System.Runtime.Intrinsics;
using ArrowCid.Memory;

namespace ArrowCid.Parquet;

/// <summary>Snappy: compressed in <see cref="SnappyCompressor"/>, and decompressed here, straight into the
/// page.</summary>
internal static class SnappyPages
{
    // Most pieces are short: so much is copied at once where there is room, and what was too much is written over.
    private const int Step = 16;

    /// <summary>Decompresses to exactly the target's length.</summary>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int at = Start(source, target.Length), to = 0;
        while (at < source.Length)
        {
            int tag = source[at++];
            if ((tag & 3) == 0)
            {
                int count = LiteralLength(source, tag, ref at);
                if (count > source.Length - at || count > target.Length - to) throw Broken();
                if (count <= Step && source.Length - at >= Step && target.Length - to >= Step)
                    Vector128.Create(source.Slice(at, Step)).CopyTo(target[to..]);
                else
                    source.Slice(at, count).CopyTo(target[to..]);
                at += count;
                to += count;
                continue;
            }

            int bytes = (tag & 3) == 3 ? 4 : tag & 3;
            if (bytes > source.Length - at) throw Broken();
            int length = bytes == 1 ? 4 + (tag >> 2 & 7) : 1 + (tag >> 2);
            long distance = bytes switch
            {
                1 => (tag >> 5) << 8 | source[at],
                2 => source[at] | source[at + 1] << 8,
                _ => (uint)(source[at] | source[at + 1] << 8 | source[at + 2] << 16 | source[at + 3] << 24),
            };
            at += bytes;
            if (distance == 0 || distance > to || length > target.Length - to) throw Broken();
            Repeat(target, to, (int)distance, length);
            to += length;
        }

        if (to != target.Length) throw Broken();
    }

    /// <summary>Passes the length that a block begins with, which the page's header has said too.</summary>
    private static int Start(ReadOnlySpan<byte> source, int expected)
    {
        ulong length = 0;
        int at = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (at >= source.Length || shift > 28) throw ParquetFault.Broken($"a Snappy page has no length");
            length |= (ulong)(source[at] & 0x7F) << shift;
            if (source[at++] < 0x80) break;
        }

        return length == (ulong)expected
            ? at
            : throw ParquetFault.Broken($"a Snappy page holds {length} bytes where its header says {expected}");
    }

    private static int LiteralLength(ReadOnlySpan<byte> source, int tag, ref int at)
    {
        const int longest = 60;
        int length = tag >> 2;
        if (length < longest) return length + 1;
        int bytes = length - longest + 1;
        if (bytes > source.Length - at) throw Broken();
        uint value = 0;
        for (int i = 0; i < bytes; i++) value |= (uint)source[at++] << 8 * i;
        return value < int.MaxValue ? (int)value + 1 : throw Broken();
    }

    /// <summary>Copies what stands some bytes before; where that is less than the length it repeats itself.</summary>
    private static void Repeat(Span<byte> target, int to, int distance, int length)
    {
        int from = to - distance, end = to + length;
        if (distance >= Step && target.Length - end >= Step)
        {
            for (; to < end; to += Step, from += Step)
                Vector128.Create<byte>(target.Slice(from, Step)).CopyTo(target[to..]);
            return;
        }

        while (to < end)
        {
            // What has been copied can be copied again.
            int count = Math.Min(end - to, to - from);
            target.Slice(from, count).CopyTo(target[to..]);
            to += count;
        }
    }

    private static ParquetFault Broken() => ParquetFault.Broken($"a page is not Snappy, or not of the length it says");
}
