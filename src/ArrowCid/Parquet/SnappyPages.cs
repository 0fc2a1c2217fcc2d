using IronSnappy;

namespace ArrowCid.Parquet;

/// <summary>Snappy, by IronSnappy: the one place that uses it.</summary>
internal static class SnappyPages
{
    public static ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> source) => Snappy.Encode(source);

    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        // The block begins with its own length: held against the header before anything is allocated for it.
        ulong length = 0;
        int at = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (at >= source.Length || shift > 28) throw ParquetFault.Broken($"a Snappy page has no length");
            length |= (ulong)(source[at] & 0x7F) << shift;
            if (source[at++] < 0x80) break;
        }

        if (length != (ulong)target.Length)
            throw ParquetFault.Broken($"a Snappy page holds {length} bytes where its header says {target.Length}");
        byte[] bytes;
        try
        {
            bytes = Snappy.Decode(source);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or IndexOutOfRangeException
            or ArgumentException or OverflowException or InvalidOperationException)
        {
            throw new ParquetFault("a page is not Snappy", inner: e);
        }

        if (bytes.Length != target.Length)
            throw ParquetFault.Broken($"a Snappy page holds {bytes.Length} bytes where it says {target.Length}");
        bytes.CopyTo(target);
    }
}
