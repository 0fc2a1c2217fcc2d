using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>
/// The control file, mapped, and a second open description of it for every lock byte of this handle. Two descriptions
/// because a mapping keeps its own alive, and with it any lock on it, after the handle is closed.
/// </summary>
internal sealed partial class ControlFile : IDisposable
{
    private const long TemporaryFileSystem = 0x01021994, RamFileSystem = 0x858458f6; // linux/magic.h

    private readonly FileDescriptor _locks;
    private readonly Lock _lockGate = new();
    private readonly int _process = ProcessMark.Current;

    public ControlFile(string directory, FileDescriptor directoryFile, Mapping map, FileDescriptor locks,
        Superblock superblock, bool writable)
    {
        (Directory, DirectoryFile, Map, _locks, Superblock, IsWritable) =
            (directory, directoryFile, map, locks, superblock, writable);
        IsOnDisk = IsDisk(directoryFile);
        Janitor = new MaintenanceLock(this);
        Filling = new BulkLoadLock(this);
    }

    /// <summary>What tells this handle the time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Reports recoveries, repairs and the like.</summary>
    public StoreReporter Reporter { get; init; } = new("", TimeProvider.System, loggers: null, handler: null);

    /// <summary>The time as records carry it, in ns since 1970.</summary>
    public ulong NowNanoseconds() => (ulong)(Clock.GetUtcNow().Ticks - DateTime.UnixEpoch.Ticks) * 100;

    /// <summary>The janitor's lock, as this handle's threads take it.</summary>
    public MaintenanceLock Janitor { get; }

    /// <summary>Keeps restores and sweeps apart, as this handle's threads do.</summary>
    public BulkLoadLock Filling { get; }

    public string Directory { get; }

    public FileDescriptor DirectoryFile { get; }

    public Mapping Map { get; }

    public Superblock Superblock { get; }

    /// <summary>Returns the kernel's status of the open file, wherever its name points by now; null if the call
    /// fails.</summary>
    public FileStatus? Status() => _locks.Stat(out FileStatus status) == 0 ? status : null;

    public bool IsWritable { get; }

    /// <summary>Whether the store outlives the machine's power, so that flushing means something.</summary>
    public bool IsOnDisk { get; }
    public IndexPair Index => new(Map.Read(StoreLayout.IndexWord));

    /// <summary>Whether a directory lies on a disk, and not in memory. What cannot be told is taken for one.</summary>
    public static bool IsDisk(FileDescriptor directory) =>
        directory.FileSystem(out long type, out _) != 0 || type is not (TemporaryFileSystem or RamFileSystem);

    public string PathOf(string name) => Path.Combine(Directory, name);

    public TableWord Table(int slot) => new(Map.Read(Entry(slot)));

    public bool TryChange(int slot, TableWord from, TableWord to) =>
        Map.CompareExchange(Entry(slot), to.Bits, from.Bits) == from.Bits;

    public (ulong Order, SegmentKind Kind) Details(int slot) =>
        (Map.Read(Entry(slot) + StoreLayout.EntryOrder), (SegmentKind)Map.Read(Entry(slot) + StoreLayout.EntryKind));

    public void SetDetails(int slot, ulong order, SegmentKind kind)
    {
        Map.Write(Entry(slot) + StoreLayout.EntryOrder, order);
        Map.Write(Entry(slot) + StoreLayout.EntryKind, (ulong)kind);
    }

    public ulong Lane(int lane, int field) => Map.Read(LaneAt(lane) + field);

    public void SetLane(int lane, int field, ulong value) => Map.Exchange(LaneAt(lane) + field, value);

    /// <summary>As <see cref="SetLane"/> without its fence, for hints.</summary>
    public void HintLane(int lane, int field, ulong value) => Map.Write(LaneAt(lane) + field, value);

    /// <summary>Whether an owner of the lane met an error when it flushed, and none has sealed its segments
    /// since.</summary>
    public bool IsFaulted(int lane) => ((Map.Read(StoreLayout.FaultedWord) >> lane) & 1) != 0;

    public void SetFaulted(int lane, bool value)
    {
        if (value) MarkInDoubt();
        while (true)
        {
            ulong old = Map.Read(StoreLayout.FaultedWord);
            ulong next = value ? old | (1ul << lane) : old & ~(1ul << lane);
            if (Map.CompareExchange(StoreLayout.FaultedWord, next, old) == old) return;
        }
    }

    /// <summary>The bytes that the segments in the table take, with those being made.</summary>
    public long SegmentBytes()
    {
        long sum = 0;
        for (int slot = 0; slot < Superblock.Segments; slot++)
        {
            TableWord word = Table(slot);
            if (word.State != SegmentState.Free) sum += word.Bytes;
        }

        return sum;
    }

    /// <summary>Tries a lock byte of this handle. The same byte is never asked for twice by one handle, because one
    /// description does not stand in its own way.</summary>
    public bool TryLock(long at, bool exclusive, long length = 1)
    {
        lock (_lockGate)
        {
            int errno = _locks.TryLock(at, length, exclusive);
            if (errno is 0) return true;
            if (errno == Errno.Again) return false;
            throw StorageErrors.FromErrno(errno, "cannot lock", PathOf(StoreLayout.ControlName));
        }
    }

    /// <summary>Frees a lock byte, but not in a forked child, whose locks are its parent's.</summary>
    public void Unlock(long at)
    {
        if (ProcessMark.Current != _process) return;
        lock (_lockGate)
        {
            // Closing the description freed it already.
            if (!_locks.IsClosed) _ = _locks.Unlock(at, 1);
        }
    }

    public bool IsLockedElsewhere(long at) => _locks.IsLockedElsewhere(at, 1);

    /// <summary>Whether the control file was removed under this handle.</summary>
    public bool IsGone => _locks.Stat(out FileStatus status) == 0 && status.Links == 0;

    /// <summary>Throws where the control file was removed under this handle.</summary>
    public void ThrowIfGone()
    {
        if (IsGone)
            throw new ArrowCidException(ErrorCode.StoreGone,
                $"{PathOf(StoreLayout.ControlName)} was removed while it was open; what is mapped stays; " +
                "open it again");
    }

    /// <summary>Flushes the names in the store's directory, if it is on a disk: of files created or deleted.</summary>
    public void FlushNames()
    {
        if (IsOnDisk) StorageErrors.Check(DirectoryFile.Sync(), "cannot flush", Directory);
    }

    /// <summary>Flushes this file, if it is on a disk.</summary>
    public void Flush()
    {
        if (IsOnDisk) StorageErrors.Check(_locks.SyncData(), "cannot flush", PathOf(StoreLayout.ControlName));
    }

    /// <summary>Lets go of every lock. The mapping stays for calls still on their way and goes with the last of
    /// them.</summary>
    public void Dispose()
    {
        lock (_lockGate) _locks.Dispose();
        DirectoryFile.Dispose();
    }

    private static long Entry(int slot) => StoreLayout.TableOffset + ((long)slot * StoreLayout.TableEntryBytes);

    private static long LaneAt(int lane) => StoreLayout.LanesOffset + ((long)lane * StoreLayout.LaneBytes);
}
