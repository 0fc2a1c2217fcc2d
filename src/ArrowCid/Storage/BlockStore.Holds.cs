using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>Lock bytes that show that the process of a hold fact still lives.</summary>
internal sealed partial class BlockStore
{
    private readonly HashSet<long> _holds = [];

    /// <summary>Whether the oldest segments are evicted when space is needed.</summary>
    public bool IsRing => _control.Superblock.IsRing;

    /// <summary>Locks a byte of its own, drawn at random, that no other hold ever had.</summary>
    /// <returns>The byte; until <see cref="EndHold"/>, or the end of the handle or its process.</returns>
    public long BeginHold()
    {
        EnterToWrite();
        while (true)
        {
            long at = StoreLayout.HoldLock + Random.Shared.NextInt64(StoreLayout.HoldLock);
            lock (_holds)
            {
                if (_holds.Contains(at) || !_control.TryLock(at, exclusive: true)) continue;
                _ = _holds.Add(at);
                return at;
            }
        }
    }

    /// <summary>Lets a byte go. Nothing happens where that was done, or the handle is closed or a child's.</summary>
    public void EndHold(long at)
    {
        if (_isClosed || ProcessMark.Current != _process) return;
        lock (_holds)
        {
            if (_holds.Remove(at)) _control.Unlock(at);
        }
    }

    /// <summary>Whether any process has a byte.</summary>
    public bool IsHeld(long at)
    {
        Enter();
        if (at is < StoreLayout.HoldLock or >= 2 * StoreLayout.HoldLock) return false;
        lock (_holds)
        {
            if (_holds.Contains(at)) return true;
        }

        return _control.IsLockedElsewhere(at);
    }
}
