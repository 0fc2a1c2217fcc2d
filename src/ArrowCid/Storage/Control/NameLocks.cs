using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>The locks of names. A holder of one takes no other.</summary>
internal sealed class NameLocks(ControlFile control)
{
    private const int Count = 4096;

    // A shorter wait is none: the lock was free.
    private static readonly TimeSpan s_noticed = TimeSpan.FromMilliseconds(1);

    private readonly ByteLocks _locks = new(control, StoreLayout.NameLock, Count);

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another holder keeps it until the
    /// deadline.</exception>
    public IDisposable Take(uint hash, TimeSpan deadline)
    {
        long started = Stopwatch.GetTimestamp();
        IDisposable taken = _locks.TryTake(hash, deadline) ?? throw new ArrowCidException(ErrorCode.Busy,
            $"{control.Directory}: another process or thread is setting this name, or one that shares its lock; " +
            "try again");
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        if (took >= s_noticed) control.Reporter.LockWaited("name", took);
        return taken;
    }
}
