namespace ArrowCid.Storage;

/// <summary>The lock bytes of calls whose results are being computed: other processes are kept out by the byte, other
/// callers of this handle by a set of those in use. The kernel frees the byte when its process ends.</summary>
internal sealed class CallLocks(ControlFile control)
{
    private readonly HashSet<long> _held = [];

    /// <summary>Takes the lock of a call without waiting.</summary>
    /// <param name="hash">The first eight bytes of the digest of the call's block, little-endian.</param>
    /// <returns>The lock, to be disposed of on any thread; null where another caller has it, or one whose hash shares
    /// its byte.</returns>
    public IDisposable? TryTake(ulong hash)
    {
        long at = StoreLayout.CallLock + (long)(hash % StoreLayout.CallLockBytes);
        lock (_held)
        {
            if (!_held.Add(at)) return null;
            bool isTaken = false;
            try
            {
                isTaken = control.TryLock(at, exclusive: true);
            }
            finally
            {
                if (!isTaken) _ = _held.Remove(at);
            }

            return isTaken ? new Held(this, at) : null;
        }
    }

    private void Free(long at)
    {
        lock (_held)
        {
            // The byte first: another caller that takes it from the set at once must not lose it again.
            control.Unlock(at);
            _ = _held.Remove(at);
        }
    }

    private sealed class Held(CallLocks locks, long at) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0) locks.Free(at);
        }
    }
}
