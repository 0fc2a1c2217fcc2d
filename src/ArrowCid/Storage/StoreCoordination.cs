using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>What processes agree on: the janitor and its sweeps, maintenance, bulk loads, holds, the locks of names,
/// and the clock.</summary>
internal sealed class StoreCoordination(StoreHandle handle, LogAdoption adoption)
{
    // A clock's step: 48 bits of milliseconds over 16 of a counter.
    private const int ClockCounterBits = 16;
    private const string Collection = "collection";
    private readonly HashSet<long> _holds = [];
    private readonly Lock _maintenanceGate = new();
    private bool _isMaintainer;

    /// <summary>Locks a name, of which the hash is given, against every other thread and process.</summary>
    /// <returns>The lock, to be disposed of.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another one had it until the
    /// deadline.</exception>
    public IDisposable LockName(uint hash, TimeSpan deadline)
    {
        handle.EnterToWrite();
        return handle.Names.Take(hash, deadline);
    }

    /// <summary>Locks a call whose result is to be computed, without waiting.</summary>
    /// <param name="hash">The first eight bytes of the digest of the call's block, little-endian.</param>
    /// <returns>The lock, to be disposed of on any thread; null where another caller of any process has it.</returns>
    public IDisposable? TryLockCall(ulong hash)
    {
        handle.EnterToWrite();
        return handle.Calls.TryTake(hash, TimeSpan.Zero);
    }

    /// <summary>The next reading of the store's hybrid clock: 48 bits of milliseconds since 1970, 16 of a counter. No
    /// two calls of any process get the same, and each is later than what <see cref="ObserveTime"/> was told.</summary>
    public ulong NextTime()
    {
        handle.EnterToWrite();
        ulong wall = (ulong)handle.Clock.GetUtcNow().ToUnixTimeMilliseconds() << ClockCounterBits;
        while (true)
        {
            ulong last = handle.Control.Map.Read(StoreLayout.ClockWord);
            ulong next = Math.Max(last + 1, wall);
            if (handle.Control.Map.CompareExchange(StoreLayout.ClockWord, next, last) == last) return next;
        }
    }

    /// <summary>Advances the clock to a reading seen elsewhere.</summary>
    public void ObserveTime(ulong time)
    {
        handle.EnterToWrite();
        while (true)
        {
            ulong last = handle.Control.Map.Read(StoreLayout.ClockWord);
            if (last >= time || handle.Control.Map.CompareExchange(StoreLayout.ClockWord, time, last) == last) return;
        }
    }

    /// <summary>The sweep word, after a full fence: odd while a drop is being decided, and never again what it was
    /// before a drop.</summary>
    public ulong ReadSweep()
    {
        handle.Enter();
        Interlocked.MemoryBarrier();
        return handle.Control.Map.Read(StoreLayout.SweepWord);
    }

    /// <summary>The sweep word as it is now: another one than before, and even, once a drop was acknowledged.</summary>
    public ulong SweepWord => handle.Control.Map.Read(StoreLayout.SweepWord);

    /// <summary>Becomes the janitor, for this thread to end.</summary>
    /// <returns>Null if another holder keeps it until the deadline.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: what a dead janitor was dropping cannot be
    /// settled by the deadline.</exception>
    public MaintenanceLockScope? TryBecomeJanitor(TimeSpan deadline)
    {
        handle.EnterToWrite();
        long started = Stopwatch.GetTimestamp();
        bool waited = false;
        for (int pause = 0; !handle.Control.Janitor.TryEnter(); pause = Math.Min(pause + 1, 10))
        {
            TimeSpan took = Stopwatch.GetElapsedTime(started);
            if (took >= deadline)
            {
                if (pause > 0) handle.Control.Reporter.LockWaited(Collection, took);
                return null;
            }

            Thread.Sleep(pause);
            waited = true;
        }

        if (waited) handle.Control.Reporter.LockWaited(Collection, Stopwatch.GetElapsedTime(started));

        var term = new MaintenanceLockScope(handle.Control);
        try
        {
            if ((handle.Control.Map.Read(StoreLayout.SweepWord) & 1) == 0) return term;
            // The last janitor died at a drop. Either that is committed now, or it never is; only then may the word
            // say that none is on its way.
            adoption.CatchUp(deadline);
            term.EndSweep();
            return term;
        }
        catch
        {
            term.Dispose();
            throw;
        }
    }

    /// <summary>Begins to fill this store with blocks and facts that carry times of their own: nothing is dropped
    /// until it ends.</summary>
    /// <returns>A scope that ends the bulk load when disposed, on any thread.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: a sweep runs until the deadline.</exception>
    public BulkLoadScope BeginFilling()
    {
        handle.EnterToWrite();
        long started = Stopwatch.GetTimestamp();
        for (int pause = 0; !handle.Control.Filling.TryBegin(); pause = Math.Min(pause + 1, 10))
        {
            handle.Enter();
            if (Stopwatch.GetElapsedTime(started) >= handle.Settings.Timeout)
                throw new ArrowCidException(ErrorCode.Busy,
                    $"{handle.Directory}: another process or thread is cleaning up; try again");
            Thread.Sleep(pause);
        }

        return new BulkLoadScope(handle.Control.Filling);
    }

    /// <summary>Keeps bulk loads out during a sweep of the janitor.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: it is being filled.</exception>
    public CollectionBarrier BlockBulkLoads() => handle.Control.Filling.TryBeginSweep()
        ? new CollectionBarrier(handle.Control.Filling)
        : throw new ArrowCidException(ErrorCode.Busy,
            $"{handle.Directory} is being restored, and what that needs is not known before it is there; " +
            "try again when it is done");

    /// <summary>Locks a byte of its own, drawn at random, that no other hold ever had.</summary>
    /// <returns>The byte; until <see cref="EndHold"/>, or the end of the handle or its process.</returns>
    public long BeginHold()
    {
        handle.EnterToWrite();
        while (true)
        {
            long at = StoreLayout.HoldLock + Random.Shared.NextInt64(StoreLayout.HoldLock);
            lock (_holds)
            {
                if (_holds.Contains(at) || !handle.Control.TryLock(at, exclusive: true)) continue;
                _ = _holds.Add(at);
                return at;
            }
        }
    }

    /// <summary>Lets a byte go. Nothing happens where that was done, or the handle is closed or a child's.</summary>
    public void EndHold(long at)
    {
        if (handle.IsClosed || handle.IsForked) return;
        lock (_holds)
        {
            if (_holds.Remove(at)) handle.Control.Unlock(at);
        }
    }

    /// <summary>Whether any process has a byte.</summary>
    public bool IsHeld(long at)
    {
        handle.Enter();
        if (at is < StoreLayout.HoldLock or >= 2 * StoreLayout.HoldLock) return false;
        lock (_holds)
        {
            if (_holds.Contains(at)) return true;
        }

        return handle.Control.IsLockedElsewhere(at);
    }

    /// <summary>Whether this handle is the one that maintains the store.</summary>
    public bool IsMaintainer => Volatile.Read(ref _isMaintainer);

    /// <summary>Becomes the one handle of all processes that maintains the store, until <see cref="EndMaintenance"/>,
    /// or until its process ends, however it ends.</summary>
    public bool TryBeginMaintenance()
    {
        handle.EnterToWrite();
        lock (_maintenanceGate)
        {
            if (_isMaintainer) return false;
            return _isMaintainer = handle.Control.TryLock(StoreLayout.MaintenanceLock, exclusive: true);
        }
    }

    public void EndMaintenance()
    {
        lock (_maintenanceGate)
        {
            if (!_isMaintainer) return;
            handle.Control.Unlock(StoreLayout.MaintenanceLock);
            _isMaintainer = false;
        }
    }

    /// <summary>The process that maintains the store, as far as it can be seen from here; null where none
    /// does.</summary>
    public int? Maintainer()
    {
        handle.Enter();
        if (IsMaintainer) return Memory.ProcessMark.Current;
        if (!handle.Control.IsLockedElsewhere(StoreLayout.MaintenanceLock)) return null;
        return LockHolders.Find(handle.Control.DirectoryFile, [StoreLayout.ControlName])
            .Where(one => one.IsExclusive
                && one.Start <= StoreLayout.MaintenanceLock && one.End > StoreLayout.MaintenanceLock)
            .Select(one => (int?)one.Process).FirstOrDefault() ?? 0;
    }

    /// <summary>How many records all lanes have had, by their hints: it grows with what producers do.</summary>
    public ulong RecordsGiven()
    {
        handle.Enter();
        ulong sum = 0;
        for (int lane = 0; lane < handle.Control.Superblock.Lanes; lane++)
            sum += handle.Control.Lane(lane, StoreLayout.LaneSequence);
        return sum;
    }

    /// <summary>The share of its capacity that the store takes.</summary>
    public double Fill()
    {
        handle.Enter();
        return handle.Control.SegmentBytes() / (double)handle.Control.Superblock.Capacity;
    }

    /// <summary>Whether a block was dropped since a compaction last left nothing to do.</summary>
    public bool HasDropsLeft()
    {
        handle.Enter();
        return handle.Control.Map.Read(StoreLayout.SweepWord) != handle.Control.Map.Read(StoreLayout.CompactedWord);
    }
}
