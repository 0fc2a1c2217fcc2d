using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// What tells whether a forked child still has the segment that its parent leased when it forked: a read lock on one
/// byte, on a description of its own with a page mapped through it. A child inherits both, and keeps them until it
/// ends. The parent can let go of this one and keep its mapping; a write lock on the whole file that is refused then is
/// the child's doing, or that of any other holder.
/// </summary>
internal sealed class ForkWitness : IDisposable
{
    // After every byte of a file, so that a look at the file's first byte meets leases alone.
    private const long Byte = 1L << 62;

    private readonly FileDescriptor _file;
    private readonly Mapping _page;

    private ForkWitness(FileDescriptor file, Mapping page) => (_file, _page) = (file, page);

    /// <summary>Takes one for a segment's file.</summary>
    /// <returns>Null where it cannot be had; then a mapping of the file is not to outlive its lease.</returns>
    public static ForkWitness? TryTake(FileDescriptor directory, string name)
    {
        FileDescriptor? file = directory.TryOpenFile(name, writable: false, out _);
        if (file is null) return null;
        Mapping? page = file.TryLock(Byte, 1, exclusive: false) == 0
            ? Mapping.TryMap(file, StoreLayout.PageBytes, writable: false, out _)
            : null;
        if (page is not null) return new ForkWitness(file, page);
        file.Dispose();
        return null;
    }

    public void Dispose()
    {
        _page.Dispose();
        _file.Dispose();
    }
}
