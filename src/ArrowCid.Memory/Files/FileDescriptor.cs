using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>
/// An open file or directory: one file description of the kernel, which is what an OFD lock belongs to. Calls return an
/// error number (<see cref="Errno"/>), never throw for it; interrupted calls are repeated.
/// </summary>
internal sealed unsafe class FileDescriptor : SafeHandle
{
    private const uint OwnerOnly = 0x180; // 0600

    private readonly string _path;

    private FileDescriptor(int descriptor, string path) : base(-1, ownsHandle: true)
    {
        SetHandle(descriptor);
        _path = path;
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    public static FileDescriptor? TryOpenDirectory(string path, out int errno) =>
        TryOpen(null, path, Native.ReadOnly | Native.Directory, out errno);

    /// <summary>Flushes the names in a directory: a file that was moved there has its name after a loss of power
    /// too.</summary>
    /// <returns>Nothing either where the directory may be written and not read, or its file system has nothing to
    /// flush.</returns>
    public static int SyncDirectory(string path)
    {
        using FileDescriptor? directory = TryOpenDirectory(RealPath(path), out int errno);
        if (directory is not null) errno = directory.Sync();
        return errno is Errno.Access or Errno.Invalid ? 0 : errno;
    }

    private static string RealPath(string path)
    {
        try
        {
            return Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            // Opening it says what is wrong.
            return path;
        }
    }

    public static int TryMakeDirectory(string path)
    {
        FileSeam? seam = FileSeam.Current;
        var call = new FileEvent(FileCall.MakeDirectory, null, path);
        if (seam is not null && seam.Stops(in call, out int errno)) return errno;
        errno = Try(Native.MakeDirectory(path, 0x1c0)); // 0700
        if (errno == 0) GrantOwner(path);
        seam?.After(in call, errno);
        return errno;
    }

    /// <summary>Gives a directory that was just made to its owner, whatever the process's mask.</summary>
    private static void GrantOwner(string path)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        try
        {
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(path) != Owner) File.SetUnixFileMode(path, Owner);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whatever opens the directory next reports what is wrong with it.
        }
    }

    public static uint EffectiveUserId => Native.GetEffectiveUserId();

    /// <summary>Opens an existing file of this directory; a symbolic link in its place is refused.</summary>
    public FileDescriptor? TryOpenFile(string name, bool writable, out int errno) =>
        TryOpen(this, name, writable ? Native.ReadWrite : Native.ReadOnly, out errno);

    /// <summary>The mode of files that are made in this directory, whatever the process's mask; 0600 unless
    /// set.</summary>
    public uint NewFileMode { get; set; } = OwnerOnly;

    /// <summary>Makes a file of this directory that must not exist yet.</summary>
    public FileDescriptor? TryCreateFile(string name, out int errno)
    {
        FileDescriptor? file = TryOpen(this, name, Native.ReadWrite | Native.Create | Native.Exclusive, out errno);
        if (file is null) return null;
        errno = file.SetMode(NewFileMode);
        // A file system that knows no modes lets the owner in anyway.
        if (errno == 0 || NewFileMode == OwnerOnly)
        {
            errno = 0;
            return file;
        }

        _ = Unlink(name);
        file.Dispose();
        return null;
    }

    /// <summary>Sets the mode of an open file or directory, whatever the process's mask.</summary>
    public int SetMode(uint mode) => Try(Native.FileChangeMode(this, mode));

    /// <summary>As a user or group: the one that the file has already.</summary>
    public const uint SameId = uint.MaxValue;

    /// <summary>Sets the owner and group of an open file.</summary>
    public static int ChangeOwner(SafeHandle file, uint user, uint group) =>
        Try(Native.FileChangeOwner(file, user, group));

    public int Link(string from, string to)
    {
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Named(FileCall.Link, from, to), out int errno)) return errno;
        errno = Try(Native.LinkAt(this, from, this, to, 0));
        seam?.After(Named(FileCall.Link, from, to), errno);
        return errno;
    }

    public int Unlink(string name)
    {
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Named(FileCall.Unlink, name), out int errno)) return errno;
        errno = Try(Native.UnlinkAt(this, name, 0));
        seam?.After(Named(FileCall.Unlink, name), errno);
        return errno;
    }

    public int Rename(string from, string to)
    {
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Named(FileCall.Rename, from, to), out int errno)) return errno;
        errno = Try(Native.RenameAt(this, from, this, to));
        seam?.After(Named(FileCall.Rename, from, to), errno);
        return errno;
    }

    /// <summary>Renames a file to a name that must not exist yet. <c>/proc/PID/maps</c> then shows the new name for
    /// mappings of the file, which it does not for one that got the name as a second link.</summary>
    public int RenameNew(string from, string to)
    {
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Named(FileCall.RenameNew, from, to), out int errno)) return errno;
        errno = Try(Native.RenameAt2(this, from, this, to, Native.RenameNoReplace));
        // Some file systems have no such rename.
        if (errno is Errno.Invalid or Errno.NotImplemented)
        {
            errno = Try(Native.LinkAt(this, from, this, to, 0));
            if (errno == 0) _ = Try(Native.UnlinkAt(this, from, 0));
        }

        seam?.After(Named(FileCall.RenameNew, from, to), errno);
        return errno;
    }

    /// <summary>Reserves the file's bytes, so that a store into a mapping of them never meets a full disk.</summary>
    public int Allocate(long length)
    {
        FileSeam? seam = FileSeam.Current;
        int errno;
        do
        {
            if (seam is not null && seam.Stops(Own(FileCall.Allocate, 0, length), out errno)) continue;
            errno = Try(Native.FileAllocate(this, 0, 0, length));
            seam?.After(Own(FileCall.Allocate, 0, length), errno);
        }
        while (errno == Errno.Interrupted);
        return errno;
    }

    /// <summary>Flushes the file and what is needed to find it; a directory: its names.</summary>
    public int Sync() => Flush(FileCall.Sync);

    /// <summary>Flushes the file's bytes, those written through any mapping of it too, and what is needed to read
    /// them.</summary>
    public int SyncData() => Flush(FileCall.SyncData);

    public int Stat(out FileStatus status)
    {
        status = default;
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Own(FileCall.Stat), out int errno)) return errno;
        Native.StatBuffer buffer;
        // SAFETY: buffer is 256 bytes, the size of struct statx.
        errno = Try(Native.StatX(this, "", Native.EmptyPath, Native.StatBasic | Native.StatBirth, &buffer));
        if (errno == 0) status = Status(in buffer);
        return errno;
    }

    /// <summary>The status of what a path leads to, symbolic links followed.</summary>
    public static int StatPath(string path, out FileStatus status)
    {
        status = default;
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(new FileEvent(FileCall.Stat, null, path), out int errno)) return errno;
        Native.StatBuffer buffer;
        // SAFETY: as in Stat.
        errno = Try(Native.StatX(Native.CurrentDirectory, path, 0, Native.StatBasic | Native.StatBirth, &buffer));
        if (errno == 0) status = Status(in buffer);
        return errno;
    }

    /// <summary>The status of a file of this directory, whatever is now under that name.</summary>
    public int StatFile(string name, out FileStatus status)
    {
        status = default;
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Named(FileCall.Stat, name), out int errno)) return errno;
        Native.StatBuffer buffer;
        // SAFETY: as in Stat.
        errno = Try(Native.StatX(this, name, Native.SymlinkNoFollow, Native.StatBasic | Native.StatBirth, &buffer));
        if (errno == 0) status = Status(in buffer);
        return errno;
    }

    public int FileSystem(out long type, out long availableBytes)
    {
        (type, availableBytes) = (0, 0);
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Own(FileCall.FileSystem), out int errno)) return errno;
        Native.FileSystemBuffer buffer;
        // SAFETY: buffer is larger than struct statfs (120 bytes).
        errno = Try(Native.FileSystemStat(this, &buffer));
        if (errno != 0) return errno;
        type = seam?.AfterFileSystem(Own(FileCall.FileSystem), buffer.Type) ?? buffer.Type;
        availableBytes = (long)Math.Min(buffer.Available, long.MaxValue / 65536) * buffer.BlockSize;
        return 0;
    }

    /// <summary>Tries an OFD lock on a range (length 0: to infinity) without waiting.</summary>
    /// <returns>0 when granted, <see cref="Errno.Again"/> if another lock is in the way.</returns>
    public int TryLock(long start, long length, bool exclusive)
    {
        int errno = Lock(exclusive ? Native.WriteLock : Native.ReadLock, start, length);
        return errno == Errno.Access ? Errno.Again : errno;
    }

    /// <summary>Tries to lock the whole file or directory (flock) without waiting, until it is closed. Such a lock
    /// and those of ranges do not meet.</summary>
    /// <returns>0 when granted, <see cref="Errno.Again"/> if another lock is in the way.</returns>
    public int TryLockWhole(bool exclusive)
    {
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Own(FileCall.Lock), out int errno)) return errno;
        return Try(Native.FileLockWhole(this,
            (exclusive ? Native.LockExclusive : Native.LockShared) | Native.LockNonBlocking));
    }

    public int Unlock(long start, long length) => Lock(Native.NoLock, start, length);

    /// <summary>Whether another description holds a lock that a write lock on this range would meet.</summary>
    public bool IsLockedElsewhere(long start, long length)
    {
        FileSeam? seam = FileSeam.Current;
        if (seam is not null && seam.Stops(Own(FileCall.Lock, start, length), out int errno)) return true;
        var request = new Native.FileLock { Type = Native.WriteLock, Start = start, Length = length };
        // SAFETY: request lives for the call; the kernel writes a struct flock into it.
        errno = Try(Native.FileControl(this, Native.OfdGetLock, &request));
        return errno != 0 || request.Type != Native.NoLock;
    }

    /// <summary>Reads at an offset until the span is full or the file ends.</summary>
    /// <returns>The bytes read, or -1 with <paramref name="errno"/> set.</returns>
    public int Read(Span<byte> destination, long offset, out int errno)
    {
        FileSeam? seam = FileSeam.Current;
        int done = 0;
        while (done < destination.Length)
        {
            FileEvent call = seam is null ? default : Own(FileCall.Read, offset + done, destination.Length - done);
            if (seam is not null && seam.Stops(in call, out errno))
            {
                if (errno == Errno.Interrupted) continue;
                return -1;
            }

            nint count;
            // SAFETY: destination is pinned for the call and its rest is the length given.
            fixed (byte* target = destination[done..])
                count = Native.ReadAt(this, target, (nuint)(destination.Length - done), offset + done);
            errno = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (errno == Errno.Interrupted) continue;
            if (errno != 0) return -1;
            if (seam is not null) count = seam.AfterRead(in call, destination.Slice(done, (int)count));
            if (count == 0) break;
            done += (int)count;
        }

        errno = 0;
        return done;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Native.Close((int)handle) == 0;

    private static FileDescriptor? TryOpen(FileDescriptor? directory, string path, int flags, out int errno)
    {
        FileSeam? seam = FileSeam.Current;
        string known = seam is null ? "" : directory is null ? path : Path.Combine(directory._path, path);
        FileCall kind = (flags & Native.Create) != 0 ? FileCall.Create : FileCall.Open;
        var call = new FileEvent(kind, null, known);
        flags |= Native.NoFollow | Native.CloseOnExec;
        int descriptor = -1;
        do
        {
            if (seam is not null && seam.Stops(in call, out errno)) continue;
            descriptor = directory is null
                ? Native.Open(path, flags, OwnerOnly)
                : Native.OpenAt(directory, path, flags, OwnerOnly);
            errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Errno.Interrupted);

        FileDescriptor? file = errno == 0 ? new FileDescriptor(descriptor, known) : null;
        seam?.After(call with { File = file }, errno);
        return file;
    }

    private int Flush(FileCall call)
    {
        FileSeam? seam = FileSeam.Current;
        int errno;
        do
        {
            if (seam is not null && seam.Stops(Own(call), out errno)) continue;
            errno = Try(call == FileCall.Sync ? Native.FileSync(this) : Native.FileSyncData(this));
            seam?.After(Own(call), errno);
        }
        while (errno == Errno.Interrupted);
        return errno;
    }

    private int Lock(short type, long start, long length)
    {
        // Whence 0 is SEEK_SET, and an OFD lock wants process 0.
        var request = new Native.FileLock { Type = type, Start = start, Length = length };
        FileSeam? seam = FileSeam.Current;
        FileCall call = type == Native.NoLock ? FileCall.Unlock : FileCall.Lock;
        int errno;
        do
        {
            if (seam is not null && seam.Stops(Own(call, start, length), out errno)) continue;
            // SAFETY: request lives for the call.
            errno = Try(Native.FileControl(this, Native.OfdSetLock, &request));
        }
        while (errno == Errno.Interrupted);
        return errno;
    }

    /// <summary>Asks the seam, if there is one, before a mapping of this file is made.</summary>
    /// <returns>True where it is not to be made.</returns>
    internal bool StopsMapping(long length, out int errno)
    {
        errno = 0;
        return FileSeam.Current is { } seam && seam.Stops(Own(FileCall.Map, 0, length), out errno);
    }

    private FileEvent Own(FileCall call, long offset = 0, long length = 0) =>
        new(call, this, _path, "", offset, length);

    private FileEvent Named(FileCall call, string name, string to = "") =>
        new(call, this, Path.Combine(_path, name), to.Length == 0 ? "" : Path.Combine(_path, to));

    private static FileStatus Status(in Native.StatBuffer b) => new(
        b.Size > long.MaxValue ? long.MaxValue : (long)b.Size,
        b.Inode,
        ((ulong)b.DeviceMajor << 32) | b.DeviceMinor,
        (b.Mask & Native.StatBirth) == 0 ? 0 : ((ulong)b.BirthSeconds * 1_000_000_000) + b.BirthNanoseconds,
        b.UserId, b.Mode, b.Links, b.GroupId);

    private static int Try(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;
}
