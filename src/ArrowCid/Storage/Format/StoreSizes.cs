using System.Globalization;
using System.Numerics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>How large a new store and its segments are.</summary>
internal static class StoreSizes
{
    public const long MinCapacity = 8 * StoreLayout.MiB;
    private const long DefaultCapacity = 4096 * StoreLayout.MiB;
    private const long DefaultSegment = 64 * StoreLayout.MiB;

    /// <summary>The bytes of a segment of facts, in a store with data segments of a size.</summary>
    public static long FactBytesOf(long segment) => Math.Max(StoreLayout.MiB,
        segment / 16 / StoreLayout.MiB * StoreLayout.MiB);

    public static int SlotsOf(long capacity, long segment) => (int)Math.Clamp(
        (long)BitOperations.RoundUpToPowerOf2((ulong)(capacity / segment) * 4), StoreLayout.MinSegments,
            StoreLayout.MaxSegments);

    // A block above a quarter of a segment would waste up to as much at a segment's end; below 4 MiB the rounding of
    // a segment of its own wastes more.
    private const long SmallestJumbo = 4 * StoreLayout.MiB;

    /// <summary>The most bytes that the records of one transaction take: they are in one segment, and an index entry
    /// reaches 1 GiB into it.</summary>
    public static long MostInTransaction(long capacity) =>
        Math.Min(capacity / 2 / StoreLayout.MiB * StoreLayout.MiB, 1L << 30) - StoreLayout.SegmentRecords;

    /// <summary>Whether a record has a segment of its own.</summary>
    public static bool IsForJumbo(long extent, long segment) =>
        extent > segment - StoreLayout.SegmentRecords || extent > Math.Max(segment / 4, SmallestJumbo);

    /// <summary>The bytes of a data segment where no other size is given.</summary>
    public static long SegmentOf(long capacity) =>
        Math.Max(StoreLayout.MiB, Math.Min(DefaultSegment, capacity / 16) / StoreLayout.MiB * StoreLayout.MiB);

    public static int LanesOf(long capacity, long segment) =>
        (int)Math.Clamp(capacity / segment / 4, 1, StoreLayout.MaxLanes);

    public static (long Capacity, long Segment) Choose(FileDescriptor folder, string directory, StoreSettings settings)
    {
        StorageErrors.Check(folder.FileSystem(out _, out long free), "cannot ask the file system of", directory);
        return Choose(settings, free, AvailableMemory(), directory);
    }

    public static (long Capacity, long Segment) Choose(StoreSettings settings, long free, long memory,
        string directory)
    {
        long capacity = settings.Capacity != 0
            ? settings.Capacity
            : Math.Min(DefaultCapacity, Math.Min(free / 2, memory / 2)) / StoreLayout.MiB * StoreLayout.MiB;
        if (settings.Capacity != 0 && (capacity < MinCapacity || capacity % StoreLayout.MiB != 0))
            throw new ArgumentOutOfRangeException(nameof(settings), capacity,
                $"a capacity is a whole number of MiB and at least {MinCapacity / StoreLayout.MiB}");
        if (capacity < MinCapacity || capacity > free)
            throw new ArrowCidException(ErrorCode.StoreFull,
                $"{directory}: a store of {Math.Max(capacity, MinCapacity) / StoreLayout.MiB} MiB does not fit, " +
                $"{free / StoreLayout.MiB} MiB are free and {memory / StoreLayout.MiB} MiB of memory")
            {
                Remedy = new Remedy(RemedyKind.FreeSpace),
            };
        long segment = settings.SegmentSize != 0
            ? settings.SegmentSize
            : SegmentOf(capacity);
        if (segment % StoreLayout.MiB != 0 || segment < StoreLayout.MiB ||
            segment > Math.Min(StoreLayout.MaxSegmentBytes, capacity / 8))
            throw new ArgumentOutOfRangeException(nameof(settings), segment,
                "a segment is a whole number of MiB, at most 1 GiB and at most an eighth of the capacity");
        if (!int.IsPow2(settings.InitialIndexEntries) || settings.InitialIndexEntries < StoreLayout.MinIndexEntries)
            throw new ArgumentOutOfRangeException(nameof(settings), settings.InitialIndexEntries, "not a power of two");
        return (capacity, segment);
    }

    private static long AvailableMemory()
    {
        try
        {
            string? line = File.ReadLines("/proc/meminfo")
                .FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
            string kibibytes = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1) ?? "";
            if (long.TryParse(kibibytes, CultureInfo.InvariantCulture, out long value)) return value * 1024;
        }
        catch (IOException)
        {
            // Without /proc the runtime's own idea of the memory has to do.
        }

        return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }
}
