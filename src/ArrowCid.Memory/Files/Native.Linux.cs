using System.Runtime.InteropServices;

namespace ArrowCid.Memory;

/// <summary>The system calls of the store, as Linux names them. Nothing outside this assembly calls them.</summary>
// SAFETY: each caller says at its call why the pointers it passes are good for it; handles are kept open by the
// marshaller.
internal static unsafe partial class Native
{
    public const int ReadOnly = 0, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000,
        NonBlocking = 0x800;

    /// <summary>Flags of open whose values the processors do not share.</summary>
    public static readonly int Directory = IsArm ? 0x4000 : 0x10000, NoFollow = IsArm ? 0x8000 : 0x20000;

    public const int OfdGetLock = 36, OfdSetLock = 37;
    public const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4;
    public const short ReadLock = 0, WriteLock = 1, NoLock = 2;
    public const int ProtNone = 0, ProtRead = 1, ProtWrite = 2;
    public const int MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20;
    public const int WipeOnFork = 18, PopulateWrite = 23, Collapse = 25;
    public const int CurrentDirectory = -100, EmptyPath = 0x1000, SymlinkNoFollow = 0x100;
    public const uint StatBasic = 0x7ff, StatBirth = 0x800;
    public const int SigKill = 9;
    public const int FutexWait = 0, FutexWake = 1;

    /// <summary>The futex call's number, which libc has no name for.</summary>
    public static readonly int FutexCall = IsArm ? 98 : 202;

    private const string LibC = "libc";

    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    [LibraryImport(LibC, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(FileDescriptor directory, string path, int flags, uint mode);

    [LibraryImport(LibC, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport(LibC, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(LibC, EntryPoint = "fallocate", SetLastError = true)]
    public static partial int FileAllocate(FileDescriptor descriptor, int mode, long offset, long length);

    [LibraryImport(LibC, EntryPoint = "fchmod", SetLastError = true)]
    public static partial int FileChangeMode(FileDescriptor descriptor, uint mode);

    [LibraryImport(LibC, EntryPoint = "fchown", SetLastError = true)]
    public static partial int FileChangeOwner(SafeHandle descriptor, uint user, uint group);

    [LibraryImport(LibC, EntryPoint = "fsync", SetLastError = true)]
    public static partial int FileSync(FileDescriptor descriptor);

    [LibraryImport(LibC, EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int FileSyncData(FileDescriptor descriptor);

    [LibraryImport(LibC, EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FileControl(FileDescriptor descriptor, int command, FileLock* argument);

    [LibraryImport(LibC, EntryPoint = "flock", SetLastError = true)]
    public static partial int FileLockWhole(FileDescriptor descriptor, int operation);

    [LibraryImport(LibC, EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(FileDescriptor descriptor, byte* buffer, nuint count, long offset);

    [LibraryImport(LibC, EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LinkAt(FileDescriptor oldDirectory, string oldPath, FileDescriptor newDirectory,
        string newPath, int flags);

    [LibraryImport(LibC, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(FileDescriptor directory, string path, int flags);

    [LibraryImport(LibC, EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(FileDescriptor oldDirectory, string oldPath, FileDescriptor newDirectory,
        string newPath);

    [LibraryImport(LibC, EntryPoint = "getrandom", SetLastError = true)]
    public static partial nint GetRandom(byte* buffer, nuint count, uint flags);

    /// <summary>Refuses to replace a file.</summary>
    public const uint RenameNoReplace = 1;

    [LibraryImport(LibC, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt2(FileDescriptor oldDirectory, string oldPath, FileDescriptor newDirectory,
        string newPath, uint flags);

    [LibraryImport(LibC, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport(LibC, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatX(FileDescriptor directory, string path, int flags, uint mask, StatBuffer* result);

    [LibraryImport(LibC, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatX(int directory, string path, int flags, uint mask, StatBuffer* result);

    [LibraryImport(LibC, EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int FileSystemStat(FileDescriptor descriptor, FileSystemBuffer* result);

    [LibraryImport(LibC, EntryPoint = "mmap", SetLastError = true)]
    public static partial void* MemoryMap(void* address, nuint length, int protection, int flags,
        FileDescriptor descriptor, long offset);

    [LibraryImport(LibC, EntryPoint = "mmap", SetLastError = true)]
    public static partial void* MemoryMap(void* address, nuint length, int protection, int flags, int descriptor,
        long offset);

    [LibraryImport(LibC, EntryPoint = "munmap", SetLastError = true)]
    public static partial int MemoryUnmap(void* address, nuint length);

    [LibraryImport(LibC, EntryPoint = "madvise", SetLastError = true)]
    public static partial int MemoryAdvise(void* address, nuint length, int advice);

    [LibraryImport(LibC, EntryPoint = "getpid")]
    public static partial int GetProcessId();

    [LibraryImport(LibC, EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUserId();

    [LibraryImport(LibC, EntryPoint = "kill")]
    public static partial int Kill(int process, int signal);

    [LibraryImport(LibC, EntryPoint = "syscall")]
    public static partial nint Futex(nint number, void* address, nint operation, nint value, nint timeout,
        nint address2, nint value3);

    [LibraryImport(LibC, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint count, int flags);

    [LibraryImport(LibC, EntryPoint = "read", SetLastError = true)]
    public static partial nint ReadEvent(EventDescriptor descriptor, ulong* count, nuint length);

    [LibraryImport(LibC, EntryPoint = "write", SetLastError = true)]
    public static partial nint WriteEvent(EventDescriptor descriptor, ulong* count, nuint length);

    /// <summary>struct flock of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    /// <summary>struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct statx, the fields in use; the kernel writes 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct StatBuffer
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint Links;
        [FieldOffset(20)] public uint UserId;
        [FieldOffset(24)] public uint GroupId;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(80)] public long BirthSeconds;
        [FieldOffset(88)] public uint BirthNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    /// <summary>struct statfs of 64-bit Linux, the fields in use, with spare space.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct FileSystemBuffer
    {
        [FieldOffset(0)] public long Type;
        [FieldOffset(8)] public long BlockSize;
        [FieldOffset(16)] public ulong Blocks;
        [FieldOffset(32)] public ulong Available;
    }
}
