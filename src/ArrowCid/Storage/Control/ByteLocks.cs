using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>A range of lock bytes, each for what hashes to it: other processes are kept out by the byte, other callers
/// of this handle by a set of those in use. The kernel frees the bytes of a process that dies.</summary>
/// <param name="control">The file with the bytes.</param>
/// <param name="first">The first byte of the range.</param>
/// <param name="count">The number of bytes.</param>
internal sealed class ByteLocks(ControlFile control, long first, ulong count)
{
    private const int LongestPauseMs = 10;

    // The bytes that this handle holds, each with the thread that took it.
    private readonly Dictionary<long, int> _held = [];
    private readonly object _gate = new();

    /// <summary>Waits until no other thread or process has a lock.</summary>
    /// <param name="hash">The hash of what is locked.</param>
    /// <param name="patience">How long; zero does not wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The lock, to be disposed of on any thread; null where that took longer, or where this thread has it or
    /// one whose hash shares its byte: it does not wait for itself.</returns>
    public IDisposable? TryTake(ulong hash, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        long at = first + (long)(hash % count), started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (!_held.TryAdd(at, Environment.CurrentManagedThreadId))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_held[at] == Environment.CurrentManagedThreadId || IsOver()) return null;
                _ = Monitor.Wait(_gate, LongestPauseMs);
            }
        }

        bool isTaken = false;
        try
        {
            for (int pause = 0; !(isTaken = control.TryLock(at, exclusive: true)) && !IsOver();
                pause = Math.Min(pause + 1, LongestPauseMs))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Thread.Sleep(pause);
            }

            return isTaken ? new Held(this, at) : null;
        }
        finally
        {
            if (!isTaken) Free(at);
        }

        bool IsOver() => Stopwatch.GetElapsedTime(started) >= patience;
    }

    private void Free(long at)
    {
        lock (_gate)
        {
            bool wasHeld = _held.Remove(at);
            Debug.Assert(wasHeld, "a lock is released once");
            Monitor.PulseAll(_gate);
        }
    }

    private sealed class Held(ByteLocks locks, long at) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0) locks.Unlock(at);
        }
    }

    private void Unlock(long at)
    {
        // The byte first: another thread that takes it from the set at once must not lose it again.
        control.Unlock(at);
        Free(at);
    }
}
