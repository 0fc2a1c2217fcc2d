using System.Diagnostics;
using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Lock bytes by which one of all processes fetches a block that several lack, and the others wait for it. The
/// kernel frees the byte of a process that dies, and then the next one fetches.</summary>
internal sealed class FetchLocks(ControlFile control)
{
    private const int Count = 1 << 16;
    private const int LongestPauseMs = 10;

    // The bytes that this handle holds, each with the thread that took it.
    private readonly Dictionary<long, int> _held = [];
    private readonly object _gate = new();

    /// <summary>Waits until no other thread or process fetches a block, or one that shares its byte.</summary>
    /// <param name="digest">The block.</param>
    /// <param name="patience">How long.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The lock, until it is disposed of; null where that took longer, or where this thread has it.</returns>
    public IDisposable? TryTake(in Digest256 digest, TimeSpan patience, CancellationToken cancellationToken)
    {
        long at = StoreLayout.FetchLock + (Digest256.Bytes(in digest)[0] << 8) + Digest256.Bytes(in digest)[1];
        Debug.Assert(at < StoreLayout.FetchLock + Count);
        long started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (!_held.TryAdd(at, Environment.CurrentManagedThreadId))
            {
                // A fetch that reads through the store again does not wait for itself.
                if (_held[at] == Environment.CurrentManagedThreadId) return null;
                cancellationToken.ThrowIfCancellationRequested();
                if (Stopwatch.GetElapsedTime(started) >= patience) return null;
                _ = Monitor.Wait(_gate, LongestPauseMs);
            }
        }

        try
        {
            for (int pause = 0; !control.TryLock(at, exclusive: true); pause = Math.Min(pause + 1, LongestPauseMs))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Stopwatch.GetElapsedTime(started) >= patience)
                {
                    Free(at);
                    return null;
                }

                Thread.Sleep(pause);
            }

            return new Held(this, at);
        }
        catch
        {
            Free(at);
            throw;
        }
    }

    private void Free(long at)
    {
        lock (_gate)
        {
            _ = _held.Remove(at);
            Monitor.PulseAll(_gate);
        }
    }

    private sealed class Held(FetchLocks locks, long at) : IDisposable
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
        Free(at);
    }
}
