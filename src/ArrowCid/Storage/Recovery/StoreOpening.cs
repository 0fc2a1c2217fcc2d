using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Opens a store's control file, after every check that can be made from outside, or makes it (C0 to
/// C3).</summary>
internal static class StoreOpening
{
    private const uint OthersWrite = 0x12; // 022
    private const uint Others = 0x7; // 007
    private const uint GroupDirectory = 0x5fd; // 2775
    private const uint GateDirectory = 0x1e8; // 0750
    private const uint GroupFile = 0x1b4; // 0664
    private const uint GroupWait = 0x1b6; // 0666
    private const uint Sticky = 0x200; // 01000

    // Longer than a fork takes to its exec on a busy machine.
    private static readonly TimeSpan s_longestFork = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens or makes a store's control file; the presence byte is then locked for reading.</summary>
    public static ControlFile Open(string directory, StoreSettings settings, out Mapping? wait)
    {
        long started = Stopwatch.GetTimestamp();
        bool mayCreate = !settings.ReadOnly && !settings.MustExist;
        var reporter = new StoreReporter(directory, settings.Clock, settings.LoggerFactory, settings.Notified);
        FileDescriptor folder = OpenDirectory(directory, mayCreate, settings.Group);
        ControlFile? control = null;
        try
        {
            // Making or rebuilding a store takes a round, after which it is opened like any other.
            for (int round = 0; ; round++)
            {
                control = TryOpenOnce(directory, folder, settings, mayCreate, reporter);
                if (control is not null)
                {
                    ThrowIfLocksAreBlind(control);
                    if (control.IsWritable) SweepControls(directory, folder);
                    wait = OpenWait(control);
                    return control;
                }

                settings.Opening?.Check();
                if (round > 2 && Stopwatch.GetElapsedTime(started) >= settings.Timeout)
                    throw new ArrowCidException(ErrorCode.Busy,
                        $"{directory}: another process is making or rebuilding the store; try again");
                Thread.Sleep(2);
            }
        }
        catch
        {
            control?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Rebuilds table and index from the segments of a store that no process has open.</summary>
    /// <param name="directory">The store's directory.</param>
    /// <param name="repairs">Whether damaged segments are quarantined first and rebuilt from their intact records; a
    /// damaged control file is rebuilt too.</param>
    /// <param name="operation">The call that it is done for: gets the number of segments that were read. What
    /// <paramref name="repairs"/> has begun goes on to its end without it.</param>
    /// <returns>The number of blocks found.</returns>
    public static long Rebuild(string directory, bool repairs = false, Operation? operation = null)
    {
        using FileDescriptor folder = OpenDirectory(directory, mayCreate: false, isGroup: true);
        string path = Path.Combine(directory, StoreLayout.ControlName);
        using FileDescriptor? locks = folder.TryOpenFile(StoreLayout.ControlName, writable: true, out int errno);
        bool mayRepair = repairs && HasSegments(directory);
        if (errno == Errno.NotFound && mayRepair) return RebuildWithout(directory, folder);
        if (errno == Errno.NotFound) throw HasSegments(directory) ? NoControl(directory) : NoStore(directory);
        StorageErrors.Check(errno, "cannot open", path);
        StorageErrors.Check(locks!.Stat(out FileStatus status), "cannot stat", path);
        CheckControl(path, folder, status);
        ControlFile? control;
        try
        {
            control = TryMap(directory, folder, locks, status, readOnly: false);
            if (control is not null && repairs) StoreRebuild.ThrowIfOfOthers(control);
        }
        catch (ArrowCidException e) when (mayRepair && e.Code == ErrorCode.BlockCorrupt)
        {
            if (!TryLockExclusive(() => locks.TryLock(StoreLayout.PresenceLock, 1, exclusive: true) == 0))
                throw InUse(directory);
            return RebuildWithout(directory, folder);
        }

        if (control is null || !TryLockExclusive(() => control.TryLock(StoreLayout.PresenceLock, exclusive: true)) ||
            !IsStillNamed(folder, status))
            throw InUse(directory);
        if (!control.IsWritable)
            throw new ArrowCidException(ErrorCode.FormatVersion,
                $"{directory} has features that this version only reads; rebuild it with the version that made it");
        bool isSame = control.IsSameFile(StoreIdentity.Of(status));
        if (!repairs)
            return StoreRebuild.Run(control, isCopy: !isSame, isCommittedBelieved: isSame, operation: operation);
        new SegmentRepair(control).Run();
        DerivedFiles.RemoveAll(control);
        return StoreRebuild.Run(control, isCopy: !isSame, isCommittedBelieved: true, afterDamage: true);
    }

    /// <summary>Like <see cref="Rebuild"/>, when the control file is missing or damaged. What remains of it is
    /// quarantined.</summary>
    private static long RebuildWithout(string directory, FileDescriptor folder)
    {
        string temporary = TemporaryName();
        using FileDescriptor file = CreateControl(directory, folder, temporary,
            identity => ControlRepair.Deduce(directory, folder, identity) ?? throw NoControl(directory),
            out Mapping map);
        using (map)
        {
            try
            {
                var page = new byte[StoreLayout.PageBytes];
                map.CopyTo(0, page);
                var control = new ControlFile(directory, folder, map, file,
                    Superblock.Read(page, map.Length, directory), writable: true);
                new SegmentRepair(control).Run();
                DerivedFiles.RemoveAll(control);
                if (folder.StatFile(StoreLayout.ControlName, out _) == 0)
                    SegmentRepair.Quarantine(folder, directory, StoreLayout.ControlName);
                return StoreRebuild.Run(control, isCopy: false, isCommittedBelieved: true, afterDamage: true);
            }
            finally
            {
                _ = folder.Unlink(temporary);
            }
        }
    }

    /// <summary>Takes a lock that no other process may share. A child of a process that had the store open keeps that
    /// process's locks from its fork to its exec, also after the store was closed: so this waits a moment.</summary>
    private static bool TryLockExclusive(Func<bool> tryLock)
    {
        long started = Stopwatch.GetTimestamp();
        while (!tryLock())
        {
            if (Stopwatch.GetElapsedTime(started) >= s_longestFork) return false;
            Thread.Sleep(1);
        }

        return true;
    }

    private static ArrowCidException InUse(string directory) => new(ErrorCode.Busy,
        $"{directory}: another process has the store open, and the control file, a segment's header or a " +
            "record of facts is only repaired alone; close every process that uses the store");

    private static FileDescriptor OpenDirectory(string directory, bool mayCreate, bool isGroup)
    {
        FileDescriptor? folder = FileDescriptor.TryOpenDirectory(directory, out int errno);
        if (folder is null && errno == Errno.NotFound && mayCreate)
        {
            MakeDirectories(directory, isGroup);
            folder = FileDescriptor.TryOpenDirectory(directory, out errno);
        }

        if (folder is null && errno == Errno.NotFound) throw NoStore(directory);
        // O_DIRECTORY with O_NOFOLLOW reports a symbolic link as "not a directory".
        if (folder is null && errno == Errno.NotDirectory && Directory.Exists(directory)) errno = Errno.Loop;
        if (folder is null) throw StorageErrors.FromErrno(errno, "cannot open", directory);
        try
        {
            CheckPlace(directory, folder, isGroup);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private static void CheckPlace(string directory, FileDescriptor folder, bool isGroup)
    {
        StorageErrors.Check(folder.Stat(out FileStatus status), "cannot stat", directory);
        string? parent = Path.GetDirectoryName(directory);
        if (isGroup && IsGroup(directory, status, parent))
        {
            folder.NewFileMode = GroupFile;
            return;
        }

        CheckAccess(directory, status);
        if (parent is not null && FileDescriptor.StatPath(parent, out FileStatus above) == 0 &&
            (above.Mode & OthersWrite) != 0 && (above.Mode & Sticky) == 0)
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{parent}: others may write there and so replace the store; chmod go-w, or choose another place");
    }

    /// <summary>Where this user's stores in shared memory are.</summary>
    private static string SharedDirectory { get; } = $"/dev/shm/arrowcid-{FileDescriptor.EffectiveUserId}";

    private static void MakeDirectories(string directory, bool isGroup)
    {
        directory = Path.TrimEndingDirectorySeparator(directory);
        var missing = new Stack<string>();
        for (string? path = directory; path is not null && !Path.Exists(path); path = Path.GetDirectoryName(path))
            missing.Push(path);
        string? parent = Path.GetDirectoryName(directory);
        // A group's gate and the user's directory of stores in shared memory are made with the store; any other
        // directory that is missing above it is more likely a misspelt one.
        bool isMadeToo = missing.Count == 2 && (isGroup || parent == SharedDirectory);
        if (missing.Count > 1 && !isMadeToo)
        {
            throw new ArrowCidException(ErrorCode.Io,
                $"{directory}: there is no directory {parent} to make the store in; create it first");
        }

        foreach (string path in missing)
        {
            int errno = FileDescriptor.TryMakeDirectory(path);
            if (errno != Errno.Exists) StorageErrors.Check(errno, "cannot make", path);
            FlushNameOf(path);
            if (!isGroup || errno != 0) continue;
            if (path == directory) SetMode(path, GroupDirectory);
            else if (path == Path.GetDirectoryName(directory)) SetMode(path, GateDirectory);
        }
    }

    private static void FlushNameOf(string path)
    {
        using FileDescriptor? above = FileDescriptor.TryOpenDirectory(Path.GetDirectoryName(path)!, out int errno);
        // A directory above that may not even be read is not ours, and its owner's to look after.
        if (errno == Errno.Access) return;
        StorageErrors.Check(errno, "cannot open", path);
        if (ControlFile.IsDisk(above!)) StorageErrors.Check(above!.Sync(), "cannot flush", path);
    }

    private static void SetMode(string path, uint mode)
    {
        using FileDescriptor? made = FileDescriptor.TryOpenDirectory(path, out int errno);
        StorageErrors.Check(errno, "cannot open", path);
        StorageErrors.Check(made!.SetMode(mode), "cannot set the mode of", path);
    }

    /// <summary>Whether a directory is a group's: its members write it, and a gate above it keeps others out.</summary>
    private static bool IsGroup(string directory, FileStatus status, string? parent)
    {
        if ((status.Mode & Others & OthersWrite) != 0)
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{directory} may be written by everybody (mode {Octal(status.Mode)}); chmod o-w and check what is " +
                "in it");
        if ((status.Mode & OthersWrite) == 0 && status.UserId == FileDescriptor.EffectiveUserId) return false;
        if (parent is null || FileDescriptor.StatPath(parent, out FileStatus gate) != 0)
            throw new ArrowCidException(ErrorCode.AccessDenied, $"{directory}: a group's store stands behind a gate");
        bool isOwned = gate.UserId == 0 || gate.UserId == status.UserId ||
            gate.UserId == FileDescriptor.EffectiveUserId;
        bool isShut = (gate.Mode & Others) == 0 && ((gate.Mode & OthersWrite) == 0 || (gate.Mode & Sticky) != 0);
        if (!isOwned || !isShut)
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{parent} (user {gate.UserId}, mode {Octal(gate.Mode)}) is no gate for a group's store: it is to be " +
                "root's or the store's owner's, with mode 0750");
        return true;
    }

    private static string Octal(uint mode) => Convert.ToString(mode & 0xfff, 8);

    /// <summary>A lock that another description does not see protects nothing.</summary>
    private static void ThrowIfLocksAreBlind(ControlFile control)
    {
        using FileDescriptor? other =
            control.DirectoryFile.TryOpenFile(StoreLayout.ControlName, writable: false, out _);
        if (other is null || other.IsLockedElsewhere(StoreLayout.PresenceLock, 1)) return;
        string directory = control.Directory;
        control.Dispose();
        throw new ArrowCidException(ErrorCode.Unsupported,
            $"{directory}: file locks do not work there (one description does not see another's); use tmpfs, ext4 or " +
            "xfs");
    }

    private static void CheckAccess(string path, FileStatus status)
    {
        if (status.UserId != FileDescriptor.EffectiveUserId)
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{path} is user {status.UserId}'s, not {FileDescriptor.EffectiveUserId}'s; use a store of your own");
        if ((status.Mode & OthersWrite) != 0)
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{path} may be written by others (mode {Octal(status.Mode)}); chmod go-w and check what is in it, " +
                "or open it as a group's");
    }

    private static void CheckControl(string path, FileDescriptor folder, FileStatus status)
    {
        if (folder.NewFileMode != GroupFile) CheckAccess(path, status);
        else if ((status.Mode & Others & OthersWrite) != 0)
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{path} may be written by everybody (mode {Octal(status.Mode)}); chmod o-w and check it");
    }

    /// <returns>Null where something is changing that will soon be settled: try again.</returns>
    private static ControlFile? TryOpenOnce(string directory, FileDescriptor folder, StoreSettings settings,
        bool mayCreate, StoreReporter reporter)
    {
        string path = Path.Combine(directory, StoreLayout.ControlName);
        FileDescriptor? locks = folder.TryOpenFile(StoreLayout.ControlName, writable: !settings.ReadOnly,
            out int errno);
        if (locks is null)
        {
            if (errno != Errno.NotFound) throw StorageErrors.FromErrno(errno, "cannot open", path);
            if (!mayCreate) throw NoStore(directory);
            Create(directory, folder, settings);
            return null;
        }

        ControlFile? control = null;
        try
        {
            StorageErrors.Check(locks.Stat(out FileStatus status), "cannot stat", path);
            CheckControl(path, folder, status);
            control = TryMap(directory, folder, locks, status, settings.ReadOnly, settings.Clock, reporter);
            if (control is null) return null;
            StoreIdentity now = StoreIdentity.Of(status);
            bool isSame = control.IsSameFile(now);
            bool isTrusted = isSame && (control.IsOfBoot(now) || control.IsClean);
            // A store in use is no copy: containers may see different machine IDs and still share it.
            if (isTrusted || control.IsLockedElsewhere(StoreLayout.PresenceLock))
            {
                if (!Present(control, folder, status)) return null;
                if (isSame) control.NoteBoot(now);
                return Keep(ref control, ref locks);
            }

            // Alone with a store that another boot left unstamped, or with a copy: only the superblock and the logs
            // are believed.
            StoreRebuild.ThrowIfOfOthers(control);
            if (!control.IsWritable)
                throw new ArrowCidException(ErrorCode.Unsupported,
                    $"{directory} is a copy, or of another boot, and must be rebuilt; open it once for writing");
            if (!control.TryLock(StoreLayout.PresenceLock, exclusive: true) || !IsStillNamed(folder,
                status)) return null;
            long started = Stopwatch.GetTimestamp();
            long blocks = StoreRebuild.Run(control, isCopy: !isSame, isCommittedBelieved: false,
                operation: settings.Opening);
            reporter.Rebuilt(blocks, Stopwatch.GetElapsedTime(started));
            return null;
        }
        finally
        {
            locks?.Dispose();
        }
    }

    private static ControlFile? Keep(ref ControlFile? control, ref FileDescriptor? locks)
    {
        locks = null;
        return control;
    }

    private static ControlFile? TryMap(string directory, FileDescriptor folder, FileDescriptor locks, FileStatus status,
        bool readOnly, TimeProvider? clock = null, StoreReporter? reporter = null)
    {
        string path = Path.Combine(directory, StoreLayout.ControlName);
        if (status.Size < StoreLayout.ControlBytes(StoreLayout.MinSegments))
            throw StorageErrors.Corrupt(path, "the control file is cut short; restore it or remove the store");
        var page = new byte[StoreLayout.PageBytes];
        if (locks.Read(page, 0, out int errno) != page.Length)
            throw StorageErrors.FromErrno(errno == 0 ? Errno.Io : errno, "cannot read", path);
        Superblock superblock = Superblock.Read(page, status.Size, path);
        bool writable = !readOnly && !superblock.IsReadOnlyForUs;
        using FileDescriptor? mapped = folder.TryOpenFile(StoreLayout.ControlName, writable, out errno);
        // Two openings of one name may meet two files, if it was rebuilt in between.
        if (mapped is null || mapped.Stat(out FileStatus other) != 0 || other.Inode != status.Inode) return null;
        Mapping? map = Mapping.TryMap(mapped, status.Size, writable, out errno);
        StorageErrors.Check(errno, "cannot map", path);
        return new ControlFile(directory, folder, map!, locks, superblock, writable)
        {
            Clock = clock ?? TimeProvider.System,
            Reporter = reporter ?? new StoreReporter(directory, clock ?? TimeProvider.System, null, null),
        };
    }

    private static bool Present(ControlFile control, FileDescriptor folder, FileStatus status) =>
        control.TryLock(StoreLayout.PresenceLock, exclusive: false) && IsStillNamed(folder, status);

    private static bool IsStillNamed(FileDescriptor folder, FileStatus status) =>
        folder.StatFile(StoreLayout.ControlName, out FileStatus named) == 0 && named.Inode == status.Inode &&
        named.Device == status.Device;

    /// <summary>C0 to C3: the control file is made whole under another name and then linked: it is absent or
    /// complete.</summary>
    private static void Create(string directory, FileDescriptor folder, StoreSettings settings)
    {
        if (HasSegments(directory) && folder.StatFile(StoreLayout.ControlName, out _) == Errno.NotFound)
            throw NoControl(directory);
        string temporary = TemporaryName();
        using FileDescriptor file = CreateControl(directory, folder, temporary,
            id => Shape(folder, directory, settings, id), out Mapping map);
        try
        {
            map.Write(StoreLayout.IndexWord, new IndexPair(1, 0).Bits);
            map.Dispose();
            bool isOnDisk = ControlFile.IsDisk(folder);
            if (isOnDisk) StorageErrors.Check(file.Sync(), "cannot flush", Path.Combine(directory, temporary));
            CrashPoint.Pass(CrashStep.C2);
            int errno = folder.Link(temporary, StoreLayout.ControlName);
            // Another process was first, or took this file for the leftover of a dead creator.
            if (errno is not (Errno.Exists or Errno.NotFound))
                StorageErrors.Check(errno, "cannot name", Path.Combine(directory, StoreLayout.ControlName));
            if (isOnDisk) StorageErrors.Check(folder.Sync(), "cannot flush", directory);
            CrashPoint.Pass(CrashStep.C3);
        }
        finally
        {
            _ = folder.Unlink(temporary);
        }
    }

    /// <summary>Makes a control file under a temporary name, filled but for its words. Its lock tells it from
    /// garbage.</summary>
    public static FileDescriptor CreateControl(string directory, FileDescriptor folder, string temporary,
        Func<StoreIdentity, Superblock> shape, out Mapping map)
    {
        string path = Path.Combine(directory, temporary);
        FileDescriptor? file = folder.TryCreateFile(temporary, out int errno);
        StorageErrors.Check(errno, "cannot create", path);
        try
        {
            errno = file!.TryLock(0, 1, exclusive: true);
            if (errno != 0)
                throw new ArrowCidException(ErrorCode.Unsupported,
                    $"{directory}: file locks do not work there ({Errno.Text(errno)}); use tmpfs, ext4 or xfs");
            CrashPoint.Pass(CrashStep.C0);
            StorageErrors.Check(file.Stat(out FileStatus status), "cannot stat", path);
            Superblock superblock = shape(StoreIdentity.Of(status));
            long bytes = StoreLayout.ControlBytes(superblock.Segments);
            StorageErrors.Check(file.Allocate(bytes), "no space for", path);
            CrashPoint.Pass(CrashStep.C1);
            map = Mapping.TryMap(file, bytes, writable: true, out errno)!;
            StorageErrors.Check(errno, "cannot map", path);
            superblock.Write(map.WritableBytes(0, StoreLayout.PageBytes));
            return file;
        }
        catch
        {
            _ = folder.Unlink(temporary);
            file?.Dispose();
            throw;
        }
    }

    public static string TemporaryName() =>
        StoreLayout.ControlName + StoreLayout.TemporaryMark + Convert.ToHexStringLower(SystemRandom.GetBytes(6));

    /// <summary>Deletes control files under temporary names that are not locked: their creators died.</summary>
    private static void SweepControls(string directory, FileDescriptor folder)
    {
        foreach (string path in Directory.EnumerateFiles(directory,
            StoreLayout.ControlName + StoreLayout.TemporaryMark + "*"))
        {
            string name = Path.GetFileName(path);
            using FileDescriptor? file = folder.TryOpenFile(name, writable: true, out _);
            if (file is not null && file.TryLock(0, 1, exclusive: true) == 0) _ = folder.Unlink(name);
        }
    }

    private static Superblock Shape(FileDescriptor folder, string directory, StoreSettings settings,
        StoreIdentity identity)
    {
        (long capacity, long segment) = StoreSizes.Choose(folder, directory, settings);
        return new Superblock
        {
            Id = Guid.NewGuid(),
            SegmentId = Guid.NewGuid(),
            Created = settings.Clock.GetUtcNow(),
            Capacity = capacity,
            SegmentBytes = segment,
            FactSegmentBytes = StoreSizes.FactBytesOf(segment),
            Segments = StoreSizes.SlotsOf(capacity, segment),
            Lanes = StoreSizes.LanesOf(capacity, segment),
            InitialIndexEntries = settings.InitialIndexEntries,
            OwnerId = identity.OwnerId,
            Retention = settings.IsRing ? Superblock.RetentionRing : Superblock.RetentionKeep,
            Seed = Superblock.NewSeed(),
            Identity = identity,
        };
    }

    /// <summary>The page that waiters sleep on, the one thing that a reader writes; who may not polls
    /// instead.</summary>
    private static Mapping? OpenWait(ControlFile control)
    {
        if (!control.IsWritable)
        {
            using FileDescriptor? page = control.DirectoryFile.TryOpenFile(StoreLayout.WaitName, writable: true, out _);
            bool isWhole = page is not null && page.Stat(out FileStatus status) == 0
                && status.Size >= StoreLayout.PageBytes;
            return isWhole ? Mapping.TryMap(page!, StoreLayout.PageBytes, writable: true, out _) : null;
        }

        using FileDescriptor? made = control.DirectoryFile.TryCreateFile(StoreLayout.WaitName, out int errno);
        if (made is null && errno != Errno.Exists)
            throw StorageErrors.FromErrno(errno, "cannot create", control.PathOf(StoreLayout.WaitName));
        bool isGroup = control.DirectoryFile.NewFileMode == GroupFile;
        if (made is not null && isGroup)
            StorageErrors.Check(made.SetMode(GroupWait), "cannot set the mode of",
                control.PathOf(StoreLayout.WaitName));
        FileDescriptor? found = made ?? control.DirectoryFile.TryOpenFile(StoreLayout.WaitName, writable: true,
            out errno);
        if (found is null) return null;
        using (found)
        {
            // A second process may arrive before the first has allocated the page.
            if (found.Allocate(StoreLayout.PageBytes) != 0) return null;
            return Mapping.TryMap(found, StoreLayout.PageBytes, writable: true, out _);
        }
    }

    private static bool HasSegments(string directory) => Directory.EnumerateFiles(directory, "seg-*").Any();

    private static ArrowCidException NoControl(string directory) => new(ErrorCode.StoreGone,
        $"{directory} has segments but no {StoreLayout.ControlName}")
    {
        Remedy = new Remedy(RemedyKind.RestoreFile),
    };

    private static ArrowCidException NoStore(string directory) =>
        new(ErrorCode.StoreGone, $"no store is at {directory}") { Remedy = new Remedy(RemedyKind.ChooseDirectory) };
}
