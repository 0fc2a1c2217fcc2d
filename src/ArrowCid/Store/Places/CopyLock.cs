using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>Locks a directory of blocks against removals of copies, or for one. The kernel releases it when its process
/// ends.</summary>
internal static class CopyLock
{
    /// <summary>Takes the lock without waiting.</summary>
    /// <param name="directory">The directory, which is opened and not changed.</param>
    /// <param name="exclusive">Whether copies are removed, or else counted.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread has it in a way
    /// that excludes this; <see cref="ErrorCode.Io"/>: the directory cannot be opened or locked.</exception>
    public static IDisposable Take(string directory, bool exclusive)
    {
        FileDescriptor? opened = FileDescriptor.TryOpenDirectory(directory, out int errno);
        if (opened is not null)
        {
            errno = opened.TryLockWhole(exclusive);
            if (errno == 0) return opened;
            opened.Dispose();
        }

        throw errno == Errno.Again
            ? new ArrowCidException(ErrorCode.Busy,
                $"{directory}: another process removes copies there, or counts on them")
            {
                Remedy = new Remedy(RemedyKind.Retry),
            }
            : new ArrowCidException(ErrorCode.Io, $"{directory} cannot be locked: {Errno.Text(errno)}");
    }
}
