namespace ArrowCid.Memory;

/// <summary>Pages of 2 MiB for files in memory, by MADV_COLLAPSE (Linux 6.1), which asks no setting of the system. Who
/// reads such a file meets one fault where there were 32, and finds a place with fewer look-ups of addresses.</summary>
internal static unsafe class LargePages
{
    public const int Bytes = 2 << 20;

    public const int SmallBytes = 4096;

    /// <summary>Lays 2 MiB of a file on one page, before anything is written there.</summary>
    /// <param name="file">A file in memory, open for writing.</param>
    /// <param name="offset">A multiple of <see cref="Bytes"/>; the file is longer by at least as much.</param>
    /// <returns>False where that cannot be; the bytes are as they were.</returns>
    public static bool TryMake(FileDescriptor file, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset & (Bytes - 1), 0);
        using Mapping? map = Mapping.TryMap(file, Bytes, writable: true, out _, offset);
        return map is not null && map.TryCollapse();
    }

    /// <summary>An address range of one's own that begins at a multiple of <see cref="Bytes"/>, for a mapping to be put
    /// in its place.</summary>
    /// <returns>Null where there is none.</returns>
    public static void* Reserve(long length)
    {
        nuint all = (nuint)length + Bytes;
        // SAFETY: the kernel chooses an address where nothing is.
        void* start = Native.MemoryMap(null, all, Native.ProtNone, Native.MapPrivate | Native.MapAnonymous, -1, 0);
        if (start == (void*)-1) return null;
        nuint before = (nuint)(-(nint)start & (Bytes - 1));
        byte* begin = (byte*)start + before;
        byte* end = begin + RoundUp(length);
        // SAFETY: both ranges are part of the new mapping, and no other code has references to them.
        if (before > 0) _ = Native.MemoryUnmap(start, before);
        nuint behind = (nuint)((byte*)start + all - end);
        if (behind > 0) _ = Native.MemoryUnmap(end, behind);
        return begin;
    }

    private static nuint RoundUp(long length) => (nuint)((length + SmallBytes - 1) & -SmallBytes);
}
