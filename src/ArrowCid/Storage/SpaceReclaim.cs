namespace ArrowCid.Storage;

/// <summary>Frees space: on request, where a put needs it, and some time after a drop.</summary>
internal sealed class SpaceReclaim(StoreHandle handle, StoreCoordination coordination)
{
    // Of a segment that is this much alive, moving it frees little more than it takes.
    private const double MostAliveInNeed = 0.75;

    // Of a segment that is less alive than this, moving it costs little.
    private const double MostAliveUnasked = 0.25;
    private static readonly TimeSpan s_patienceUnasked = TimeSpan.FromMilliseconds(300);
    public readonly object _tickGate = new();
    private int _isMakingRoom;
    private readonly object _compactGate = new();
    private int _isCompacting;
    private long _sweptAt;

    /// <summary>Takes back the segments of dropped blocks, as the janitor.</summary>
    /// <param name="mostAlive">The share of a segment that may be alive, and is moved then.</param>
    /// <param name="dryRun">Nothing is changed.</param>
    /// <param name="patience">How long what others have mapped is tried again.</param>
    /// <param name="operation">The call that it is done for: gets the number of segments; null: none.</param>
    /// <returns>What was, or would be, done with each segment that may go.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another janitor is at work.</exception>
    public ReclaimReport Reclaim(double mostAlive = 0.5, bool dryRun = false, TimeSpan patience = default,
        Operation? operation = null)
    {
        if (dryRun) handle.Enter();
        else handle.EnterToWrite();
        if (handle.Liveness is not { } liveness || handle.Control.Superblock.IsRing) return new ReclaimReport([]);
        if (dryRun) return NewReclaim(liveness).Run(mostAlive, dryRun, operation: operation);
        using MaintenanceLockScope term = coordination.TryBecomeJanitor(handle.Settings.Timeout)
            ?? throw new ArrowCidException(ErrorCode.Busy,
            $"{handle.Directory}: another process is collecting; try again");
        return NewReclaim(liveness).Run(mostAlive, dryRun: false, patience: patience, operation: operation);
    }

    private Compactor NewReclaim(ILiveness liveness) =>
        new(handle.Control, handle.Segments, handle.Index, liveness, handle.OwnLane, TryBeginNext);

    /// <summary>Gives the lane of its newest data segment a next one, so that compaction may remove that.</summary>
    /// <returns>False where another process writes to the lane, or this one has records in progress in it.</returns>
    private bool TryBeginNext(SegmentPlace newest)
    {
        // One description does not keep the handle's own threads apart.
        lock (handle.LaneGate)
        {
            ObjectDisposedException.ThrowIf(handle.IsClosed, this);
            int number = newest.Word.Lane;
            if (handle.Lane?.Number == number) return handle.Lane.Space.TryBeginNext(newest);
            WriterLog? lane = WriterAdoption.TryTake(number, handle.Control, handle.Segments, handle.Index,
                handle.Growth, handle.WaitWord, handle.Settings);
            if (lane is null) return false;
            try
            {
                return lane.Space.TryBeginNext(newest);
            }
            finally
            {
                lane.Close();
            }
        }
    }

    /// <summary>Called when a put of this handle finds no space. The put waits with its lane's gate released: the work
    /// here needs that gate and queries the registry, whose owner may be waiting for it too.</summary>
    public void FreeSpaceSoon(long bytes)
    {
        if (Interlocked.Exchange(ref _isMakingRoom, 1) != 0) return;
        _ = ThreadPool.UnsafeQueueUserWorkItem(_ => FreeSpace(bytes), null);
    }

    private void FreeSpace(long bytes)
    {
        try
        {
            lock (_tickGate)
            {
                if (handle.IsClosed || handle.IsGone) return;
                // Others' idle mappings stand in the way, and what they made ahead.
                _ = handle.Control.Map.Add(StoreLayout.PressureWord, 1);
                handle.Segments.LetGoIdle(all: true);
                if (handle.Liveness is not { } liveness || handle.Control.Superblock.IsRing) return;
                using MaintenanceLockScope? term = coordination.TryBecomeJanitor(TimeSpan.Zero);
                if (term is null) return;
                long before = handle.Control.SegmentBytes();
                _ = NewReclaim(liveness).Run(MostAliveInNeed, dryRun: false,
                    isEnough: () => handle.Control.SegmentBytes() + bytes <= before);
            }
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // The put that waits says what is in its way.
        }
        finally
        {
            Volatile.Write(ref _isMakingRoom, 0);
        }
    }

    /// <summary>On the tick: begins a compaction where a drop is so old, and none was made since it.</summary>
    public void CompactInTime()
    {
        ulong sweep = handle.Control.Map.Read(StoreLayout.SweepWord);
        if ((sweep & 1) != 0 || sweep == handle.Control.Map.Read(StoreLayout.CompactedWord) ||
            handle.Control.Superblock.IsRing ||
            handle.Liveness is null)
            return;
        // Drops that follow one another do not put it off.
        if (_sweptAt == 0) _sweptAt = handle.Clock.GetTimestamp();
        if (handle.Clock.GetElapsedTime(_sweptAt) < handle.Settings.CompactDelay) return;
        // Store maintenance, where it runs, does this and more.
        if (coordination.IsMaintainer || handle.Control.IsLockedElsewhere(StoreLayout.MaintenanceLock)) return;
        _sweptAt = 0;
        if (Interlocked.Exchange(ref _isCompacting, 1) != 0) return;
        // A tick flushes acknowledged writes and must not block.
        _ = ThreadPool.UnsafeQueueUserWorkItem(_ => CompactNow(sweep), null);
    }

    private void CompactNow(ulong sweep)
    {
        try
        {
            lock (_compactGate)
            {
                if (handle.IsClosed || handle.IsGone || handle.Liveness is not { } liveness) return;
                using MaintenanceLockScope? term = coordination.TryBecomeJanitor(TimeSpan.Zero);
                if (term is null) return;
                ReclaimReport report = NewReclaim(liveness).Run(MostAliveUnasked, dryRun: false,
                    isEnough: () => handle.IsClosed, s_patienceUnasked);
                // Segments that are in use are tried again later.
                bool isDone = !report.Segments.Any(one => one.Outcome is ReclaimOutcome.Held or ReclaimOutcome.NoRoom);
                if (isDone && !handle.IsClosed) handle.Control.Map.Write(StoreLayout.CompactedWord, sweep);
            }
        }
        catch (Exception e) when (e is ArrowCidException or ObjectDisposedException)
        {
            // Automatic compaction has no caller that waits for its errors; an explicit compaction reports them.
        }
        finally
        {
            Volatile.Write(ref _isCompacting, 0);
        }
    }

    /// <summary>Waits for a compaction at work; the store is closed, so that none begins.</summary>
    public void EndCompaction()
    {
        lock (_compactGate) _isCompacting = 1;
    }

    /// <summary>Begins to compact in steps.</summary>
    /// <param name="mostAlive">The share of a segment that may be alive for it to be moved.</param>
    /// <param name="withData">Whether segments of blocks are looked at too, or those of facts alone.</param>
    /// <returns>Null where nothing of this store is ever compacted.</returns>
    public CompactionSteps? BeginCompaction(double mostAlive, bool withData)
    {
        handle.EnterToWrite();
        return handle.Liveness is { } liveness && !handle.Control.Superblock.IsRing
            ? new CompactionSteps(coordination, handle.Control, NewReclaim(liveness), mostAlive, withData,
                SegmentChoice.Compactable(handle.Control, handle.Segments))
            : null;
    }
}
