using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>What fstat says of an open file.</summary>
internal readonly record struct FileStatus(
    long Size, ulong Inode, ulong Device, ulong BirthNanoseconds, uint UserId, uint Mode, uint Links);

/// <summary>
/// An open file or directory: one file description of the kernel, which is what an OFD lock belongs to. Calls return an
/// error number (<see cref="Errno"/>), never throw for it; interrupted calls are repeated.
/// </summary>
internal sealed unsafe class FileDescriptor : SafeHandle
{
    private const uint OwnerOnly = 0x180; // 0600

    private FileDescriptor(int descriptor) : base(-1, ownsHandle: true) => SetHandle(descriptor);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    public static FileDescriptor? TryOpenDirectory(string path, out int errno) =>
        TryOpen(null, path, Native.ReadOnly | Native.Directory, out errno);

    public static int TryMakeDirectory(string path) => Try(Native.MakeDirectory(path, 0x1c0)); // 0700

    public static uint EffectiveUserId => Native.GetEffectiveUserId();

    /// <summary>Opens an existing file of this directory; a symbolic link in its place is refused.</summary>
    public FileDescriptor? TryOpenFile(string name, bool writable, out int errno) =>
        TryOpen(this, name, writable ? Native.ReadWrite : Native.ReadOnly, out errno);

    /// <summary>Makes a file of this directory, mode 0600, that must not exist yet.</summary>
    public FileDescriptor? TryCreateFile(string name, out int errno) =>
        TryOpen(this, name, Native.ReadWrite | Native.Create | Native.Exclusive, out errno);

    public int Link(string from, string to) => Try(Native.LinkAt(this, from, this, to, 0));

    public int Unlink(string name) => Try(Native.UnlinkAt(this, name, 0));

    public int Rename(string from, string to) => Try(Native.RenameAt(this, from, this, to));

    /// <summary>Reserves the file's bytes, so that a store into a mapping of them never meets a full disk.</summary>
    public int Allocate(long length)
    {
        int errno;
        do errno = Try(Native.FileAllocate(this, 0, 0, length));
        while (errno == Errno.Interrupted);
        return errno;
    }

    public int Sync() => Try(Native.FileSync(this));

    public int Stat(out FileStatus status)
    {
        Native.StatBuffer buffer;
        // SAFETY: buffer is 256 bytes, the size of struct statx.
        int errno = Try(Native.StatX(this, "", Native.EmptyPath, Native.StatBasic | Native.StatBirth, &buffer));
        status = errno == 0 ? Status(in buffer) : default;
        return errno;
    }

    /// <summary>The status of a path's last component, a symbolic link not followed.</summary>
    public static int StatPath(string path, out FileStatus status)
    {
        Native.StatBuffer buffer;
        // SAFETY: as in Stat.
        int errno = Try(Native.StatX(Native.CurrentDirectory, path, 0, Native.StatBasic | Native.StatBirth, &buffer));
        status = errno == 0 ? Status(in buffer) : default;
        return errno;
    }

    /// <summary>The status of a file of this directory, whatever is now under that name.</summary>
    public int StatFile(string name, out FileStatus status)
    {
        Native.StatBuffer buffer;
        // SAFETY: as in Stat.
        int errno = Try(Native.StatX(this, name, Native.SymlinkNoFollow, Native.StatBasic | Native.StatBirth, &buffer));
        status = errno == 0 ? Status(in buffer) : default;
        return errno;
    }

    public int FileSystem(out long type, out long availableBytes)
    {
        Native.FileSystemBuffer buffer;
        // SAFETY: buffer is larger than struct statfs (120 bytes).
        int errno = Try(Native.FileSystemStat(this, &buffer));
        type = errno == 0 ? buffer.Type : 0;
        availableBytes = errno == 0 ? (long)Math.Min(buffer.Available, long.MaxValue / 65536) * buffer.BlockSize : 0;
        return errno;
    }

    /// <summary>Tries an OFD lock on a range (length 0: to infinity) without waiting.</summary>
    /// <returns>0 when granted, <see cref="Errno.Again"/> when somebody else's lock is in the way.</returns>
    public int TryLock(long start, long length, bool exclusive)
    {
        int errno = Lock(exclusive ? Native.WriteLock : Native.ReadLock, start, length);
        return errno == Errno.Access ? Errno.Again : errno;
    }

    public int Unlock(long start, long length) => Lock(Native.NoLock, start, length);

    /// <summary>Whether another description holds a lock that a write lock on this range would meet.</summary>
    public bool IsLockedElsewhere(long start, long length)
    {
        var request = new Native.FileLock { Type = Native.WriteLock, Start = start, Length = length };
        // SAFETY: request lives for the call; the kernel writes a struct flock into it.
        int errno = Try(Native.FileControl(this, Native.OfdGetLock, &request));
        return errno != 0 || request.Type != Native.NoLock;
    }

    /// <summary>Reads at an offset until the span is full or the file ends.</summary>
    /// <returns>The bytes read, or -1 with <paramref name="errno"/> set.</returns>
    public int Read(Span<byte> destination, long offset, out int errno)
    {
        int done = 0;
        while (done < destination.Length)
        {
            nint count;
            // SAFETY: destination is pinned for the call and its rest is the length given.
            fixed (byte* target = destination[done..])
                count = Native.ReadAt(this, target, (nuint)(destination.Length - done), offset + done);
            errno = count < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (errno == Errno.Interrupted) continue;
            if (errno != 0) return -1;
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
        flags |= Native.NoFollow | Native.CloseOnExec;
        int descriptor;
        do
        {
            descriptor = directory is null
                ? Native.Open(path, flags, OwnerOnly)
                : Native.OpenAt(directory, path, flags, OwnerOnly);
            errno = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (errno == Errno.Interrupted);

        return errno == 0 ? new FileDescriptor(descriptor) : null;
    }

    private int Lock(short type, long start, long length)
    {
        // Whence 0 is SEEK_SET, and an OFD lock wants process 0.
        var request = new Native.FileLock { Type = type, Start = start, Length = length };
        int errno;
        // SAFETY: request lives for the call.
        do errno = Try(Native.FileControl(this, Native.OfdSetLock, &request));
        while (errno == Errno.Interrupted);
        return errno;
    }

    private static FileStatus Status(in Native.StatBuffer b) => new(
        b.Size > long.MaxValue ? long.MaxValue : (long)b.Size,
        b.Inode,
        ((ulong)b.DeviceMajor << 32) | b.DeviceMinor,
        (b.Mask & Native.StatBirth) == 0 ? 0 : ((ulong)b.BirthSeconds * 1_000_000_000) + b.BirthNanoseconds,
        b.UserId, b.Mode, b.Links);

    private static int Try(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;
}
