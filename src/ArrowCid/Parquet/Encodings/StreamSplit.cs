using System.Runtime.InteropServices;

namespace ArrowCid.Parquet;

/// <summary>BYTE_STREAM_SPLIT: first bytes of all values, then second bytes, and so on.</summary>
internal static class StreamSplit
{
    public static void Join(ReadOnlySpan<byte> source, int width, Span<byte> target)
    {
        int count = target.Length / width;
        if (width == 4)
        {
            ReadOnlySpan<byte> a = source[..count], b = source.Slice(count, count),
                c = source.Slice(2 * count, count), d = source.Slice(3 * count, count);
            Span<uint> values = MemoryMarshal.Cast<byte, uint>(target);
            for (int i = 0; i < a.Length && i < values.Length; i++)
                values[i] = a[i] | (uint)b[i] << 8 | (uint)c[i] << 16 | (uint)d[i] << 24;
            return;
        }

        if (width == 8)
        {
            Span<ulong> values = MemoryMarshal.Cast<byte, ulong>(target);
            ReadOnlySpan<byte> a = source[..count], b = source.Slice(count, count),
                c = source.Slice(2 * count, count), d = source.Slice(3 * count, count),
                e = source.Slice(4 * count, count), f = source.Slice(5 * count, count),
                g = source.Slice(6 * count, count), h = source.Slice(7 * count, count);
            for (int i = 0; i < a.Length && i < values.Length; i++)
            {
                uint low = a[i] | (uint)b[i] << 8 | (uint)c[i] << 16 | (uint)d[i] << 24;
                uint high = e[i] | (uint)f[i] << 8 | (uint)g[i] << 16 | (uint)h[i] << 24;
                values[i] = low | (ulong)high << 32;
            }

            return;
        }

        for (int k = 0; k < width; k++)
        {
            ReadOnlySpan<byte> stream = source.Slice(k * count, count);
            for (int i = 0, at = k; i < stream.Length; i++, at += width) target[at] = stream[i];
        }
    }

    public static void Split(ReadOnlySpan<byte> source, int width, Span<byte> target)
    {
        int count = source.Length / width;
        for (int k = 0; k < width; k++)
        {
            Span<byte> stream = target.Slice(k * count, count);
            for (int i = 0, at = k; i < stream.Length; i++, at += width) stream[i] = source[at];
        }
    }
}
