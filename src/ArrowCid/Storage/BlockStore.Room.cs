namespace ArrowCid.Storage;

/// <summary>Frees space, on request and where a put needs it.</summary>
internal sealed partial class BlockStore
{
    // Of a segment that is this much alive, moving it frees little more than it takes.
    private const double MostAliveInNeed = 0.75;

    private int _isMakingRoom;

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
        if (dryRun) Enter();
        else EnterToWrite();
        if (_liveness is not { } liveness || _control.Superblock.IsRing) return new ReclaimReport([]);
        if (dryRun) return NewReclaim(liveness).Run(mostAlive, dryRun, operation: operation);
        using MaintenanceLockScope term = TryBecomeJanitor(_settings.Timeout)
            ?? throw new ArrowCidException(ErrorCode.Busy,
            $"{Directory}: another process is collecting; try again");
        return NewReclaim(liveness).Run(mostAlive, dryRun: false, patience: patience, operation: operation);
    }

    private Compactor NewReclaim(ILiveness liveness) =>
        new(_control, _segments, _index, liveness, OwnLane, TryBeginNext);

    /// <summary>Gives the lane of its newest data segment a next one, so that compaction may remove that.</summary>
    /// <returns>False where another process writes to the lane, or this one has records in progress in it.</returns>
    private bool TryBeginNext(SegmentPlace newest)
    {
        // One description does not keep the handle's own threads apart.
        lock (_laneGate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            int number = newest.Word.Lane;
            if (_lane?.Number == number) return _lane.Space.TryBeginNext(newest);
            WriterLog? lane = WriterAdoption.TryTake(number, _control, _segments, _index, _growth, _wait, _settings);
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
    private void FreeSpaceSoon(long bytes)
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
                if (_isClosed || _isGone) return;
                // Others' idle mappings stand in the way, and what they made ahead.
                _ = _control.Map.Add(StoreLayout.PressureWord, 1);
                _segments.LetGoIdle(all: true);
                if (_liveness is not { } liveness || _control.Superblock.IsRing) return;
                using MaintenanceLockScope? term = TryBecomeJanitor(TimeSpan.Zero);
                if (term is null) return;
                long before = _control.SegmentBytes();
                _ = NewReclaim(liveness).Run(MostAliveInNeed, dryRun: false,
                    isEnough: () => _control.SegmentBytes() + bytes <= before);
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
}
