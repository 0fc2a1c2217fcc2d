using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>The lock bytes of names: other processes are kept out by the byte, threads of this handle by a set of
/// those in use. A holder of one takes no other.</summary>
internal sealed class NameLocks(ControlFile control)
{
    private const int Count = 4096;

    // A shorter wait is none: the lock was free.
    private static readonly TimeSpan s_noticed = TimeSpan.FromMilliseconds(1);

    private readonly HashSet<long> _held = [];
    private readonly object _gate = new();

    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another holder keeps it until the
    /// deadline.</exception>
    public IDisposable Take(uint hash, TimeSpan deadline)
    {
        long at = StoreLayout.NameLock + (hash % Count);
        Debug.Assert(at is >= StoreLayout.NameLock and < StoreLayout.HoldLock,
            "locks of names do not meet those of holds");
        long started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (!_held.Add(at))
            {
                TimeSpan left = deadline - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left)) throw Busy("another thread");
            }
        }

        try
        {
            for (int pause = 0; !control.TryLock(at, exclusive: true); pause = Math.Min(pause + 1, 10))
            {
                if (Stopwatch.GetElapsedTime(started) >= deadline) throw Busy("another process");
                Thread.Sleep(pause);
            }

            TimeSpan took = Stopwatch.GetElapsedTime(started);
            if (took >= s_noticed) control.Reporter.LockWaited("name", took);
            return new Held(this, at);
        }
        catch
        {
            LetGo(at);
            throw;
        }
    }

    private ArrowCidException Busy(string holder) => new(ErrorCode.Busy,
        $"{control.Directory}: {holder} is setting this name, or one that shares its lock; try again");

    private void LetGo(long at)
    {
        lock (_gate)
        {
            bool wasHeld = _held.Remove(at);
            Debug.Assert(wasHeld, "a name's lock is released once");
            Monitor.PulseAll(_gate);
        }
    }

    private sealed class Held(NameLocks locks, long at) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
            locks.Unlock(at);
        }
    }

    private void Unlock(long at)
    {
        // The byte first: another thread that takes it from the set at once must not lose it again.
        control.Unlock(at);
        LetGo(at);
    }
}
