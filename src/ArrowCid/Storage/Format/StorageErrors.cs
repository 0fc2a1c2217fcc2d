using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The one place where an error number of the kernel becomes an exception.</summary>
internal static class StorageErrors
{
    public static ArrowCidException FromErrno(int errno, string what, string path) => errno switch
    {
        Errno.Access or Errno.ReadOnlyFileSystem or 1 => new(ErrorCode.AccessDenied,
            $"{what} {path}: {Errno.Text(errno)}; use a directory that this user may write"),
        Errno.Loop => new(ErrorCode.AccessDenied,
            $"{what} {path}: a symbolic link stands there; name the real directory"),
        Errno.NoSpace or Errno.Quota => new(ErrorCode.StoreFull, $"{what} {path}: {Errno.Text(errno)}")
        {
            Remedy = new Remedy(RemedyKind.FreeSpace),
        },
        Errno.TooManyFiles => new(ErrorCode.ResourceExhausted,
            $"{what} {path}: {Errno.Text(errno)}; raise the limit of open files (ulimit -n)"),
        Errno.NotFound => new(ErrorCode.StoreGone, $"{what} {path}: {Errno.Text(errno)}"),
        Errno.NotSupported => new(ErrorCode.Unsupported,
            $"{what} {path}: {Errno.Text(errno)}; a store needs fallocate and file locks (tmpfs, ext4, xfs)"),
        _ => new(ErrorCode.Io, $"{what} {path}: {Errno.Text(errno)} (error {errno})"),
    };

    public static void Check(int errno, string what, string path)
    {
        if (errno != 0) throw FromErrno(errno, what, path);
    }

    public static ArrowCidException Forked(string directory) => new(ErrorCode.Forked,
        $"{directory} was opened before this process was forked; open it again in the child");

    public static ArrowCidException Corrupt(string path, string what, Remedy? remedy = null) =>
        new(ErrorCode.BlockCorrupt, $"{path}: {what}") { Remedy = remedy };
}
