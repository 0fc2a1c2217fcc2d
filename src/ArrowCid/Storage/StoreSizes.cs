using System.Globalization;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>How large a new store and its segments are.</summary>
internal static class StoreSizes
{
    public const long MinCapacity = 8 * Layout.MiB;
    private const long DefaultCapacity = 4096 * Layout.MiB;
    private const long DefaultSegment = 64 * Layout.MiB;

    public static (long Capacity, long Segment) Choose(FileDescriptor folder, string directory, CidStoreOptions options)
    {
        StorageErrors.Check(folder.FileSystem(out _, out long free), "cannot ask the file system of", directory);
        return Choose(options, free, AvailableMemory(), directory);
    }

    public static (long Capacity, long Segment) Choose(CidStoreOptions options, long free, long memory, string directory)
    {
        long capacity = options.Capacity != 0
            ? options.Capacity
            : Math.Min(DefaultCapacity, Math.Min(free / 2, memory / 2)) / Layout.MiB * Layout.MiB;
        if (options.Capacity != 0 && (capacity < MinCapacity || capacity % Layout.MiB != 0))
            throw new ArgumentOutOfRangeException(nameof(options), capacity,
                $"a capacity is a whole number of MiB and at least {MinCapacity / Layout.MiB}");
        if (capacity < MinCapacity || capacity > free)
            throw new ArrowCidException(ErrorCode.StoreFull,
                $"{directory}: a store of {Math.Max(capacity, MinCapacity) / Layout.MiB} MiB does not fit, {free / Layout.MiB} MiB " +
                $"are free and {memory / Layout.MiB} MiB of memory; {StorageErrors.Remedy}, or ask for less capacity");
        long segment = options.SegmentSize != 0
            ? options.SegmentSize
            : Math.Max(Layout.MiB, Math.Min(DefaultSegment, capacity / 16) / Layout.MiB * Layout.MiB);
        if (segment % Layout.MiB != 0 || segment < Layout.MiB || segment > Layout.MaxSegmentBytes || segment > capacity / 8)
            throw new ArgumentOutOfRangeException(nameof(options), segment,
                "a segment is a whole number of MiB, at most 1 GiB and at most an eighth of the capacity");
        if (!int.IsPow2(options.InitialIndexEntries) || options.InitialIndexEntries < Layout.MinIndexEntries)
            throw new ArgumentOutOfRangeException(nameof(options), options.InitialIndexEntries, "a power of two from 64");
        return (capacity, segment);
    }

    private static long AvailableMemory()
    {
        try
        {
            string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
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
