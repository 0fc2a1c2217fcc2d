using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>How a place answered, as all processes measured it, in 64 bytes of the heat file: key u64, reads u64, bytes
/// u64, nanoseconds u64, failed reads u64, latency ns u64, ns per MiB u64, second of the last read u64. The key is the
/// first 8 bytes of the SHA-256 of its name with the lowest bit set.</summary>
/// <param name="Reads">Reads that gave a block.</param>
/// <param name="Bytes">The bytes of these blocks.</param>
/// <param name="Nanoseconds">What these reads took.</param>
/// <param name="Errors">Reads that failed.</param>
/// <param name="LatencyNs">What a small read takes, a moving mean; 0: not measured.</param>
/// <param name="NsPerMiB">What a MiB takes beside that, a moving mean; 0: not measured.</param>
/// <param name="LastSecond">When it was last read, in seconds since 1970; 0: never.</param>
internal readonly record struct PlaceMeasure(long Reads, long Bytes, long Nanoseconds, long Errors, long LatencyNs,
    long NsPerMiB, long LastSecond)
{
    public const int ReadsAt = 8, BytesAt = 16;

    private const int TimeAt = 24, ErrorsAt = 32, LatencyAt = 40, PerMiBAt = 48, LastAt = 56;

    // A read up to this size tells the latency, a larger one the bandwidth.
    private const long SmallBytes = 64 << 10;

    // A new figure counts an eighth.
    private const long Weight = 8;

    public static PlaceMeasure Read(Mapping map, long slot) => new(At(map, slot, ReadsAt), At(map, slot, BytesAt),
        At(map, slot, TimeAt), At(map, slot, ErrorsAt), At(map, slot, LatencyAt), At(map, slot, PerMiBAt),
        At(map, slot, LastAt));

    /// <summary>Notes a read.</summary>
    public static void Note(Mapping map, long slot, long? bytes, long nanoseconds, uint second)
    {
        map.Write(slot + LastAt, second);
        if (bytes is not { } size)
        {
            _ = map.Add(slot + ErrorsAt, 1);
            return;
        }

        _ = map.Add(slot + ReadsAt, 1);
        _ = map.Add(slot + BytesAt, (ulong)size);
        _ = map.Add(slot + TimeAt, (ulong)nanoseconds);
        long latency = At(map, slot, LatencyAt);
        // No read is faster than the latency.
        if (size <= SmallBytes || latency == 0 || nanoseconds < latency) Average(map, slot + LatencyAt, nanoseconds);
        if (size <= SmallBytes) return;
        Average(map, slot + PerMiBAt, Math.Max(1, (nanoseconds - latency) * StoreLayout.MiB / size));
    }

    /// <summary>What a read of a size takes, in nanoseconds.</summary>
    /// <param name="bytes">The size.</param>
    /// <param name="unknownLatency">The latency where none was measured.</param>
    public double Expected(long bytes, double unknownLatency) =>
        (LatencyNs > 0 ? LatencyNs : unknownLatency) +
        ((NsPerMiB > 0 ? NsPerMiB : UnknownNsPerMiB) * (bytes / (double)StoreLayout.MiB));

    private const double UnknownNsPerMiB = 5e6;

    private static void Average(Mapping map, long offset, long figure)
    {
        long mean = (long)map.Read(offset);
        map.Write(offset, (ulong)(mean == 0 ? figure : mean + ((figure - mean) / Weight)));
    }

    private static long At(Mapping map, long slot, int offset) =>
        (long)(map.Read(slot + offset) & long.MaxValue);
}
