namespace ArrowCid.Storage;

/// <summary>What looking after a store in the background needs of it: one process at a time, small steps, and a sign of
/// how busy others are.</summary>
internal sealed partial class BlockStore
{
    private readonly Lock _maintenanceGate = new();
    private bool _isMaintainer;

    /// <summary>Whether this handle is the one that maintains the store.</summary>
    public bool IsMaintainer => Volatile.Read(ref _isMaintainer);

    /// <summary>Becomes the one handle of all processes that maintains the store, until <see cref="EndMaintenance"/>,
    /// or until its process ends, however it ends.</summary>
    public bool TryBeginMaintenance()
    {
        EnterToWrite();
        lock (_maintenanceGate)
        {
            if (_isMaintainer) return false;
            return _isMaintainer = _control.TryLock(StoreLayout.MaintenanceLock, exclusive: true);
        }
    }

    public void EndMaintenance()
    {
        lock (_maintenanceGate)
        {
            if (!_isMaintainer) return;
            _control.Unlock(StoreLayout.MaintenanceLock);
            _isMaintainer = false;
        }
    }

    /// <summary>The process that maintains the store, as far as it can be seen from here; null where none
    /// does.</summary>
    public int? Maintainer()
    {
        Enter();
        if (IsMaintainer) return Memory.ProcessMark.Current;
        if (!_control.IsLockedElsewhere(StoreLayout.MaintenanceLock)) return null;
        return LockHolders.Find(_control.DirectoryFile, [StoreLayout.ControlName])
            .Where(one => one.IsExclusive
                && one.Start <= StoreLayout.MaintenanceLock && one.End > StoreLayout.MaintenanceLock)
            .Select(one => (int?)one.Process).FirstOrDefault() ?? 0;
    }

    /// <summary>How many records all lanes have had, by their hints: it grows with what producers do.</summary>
    public ulong RecordsGiven()
    {
        Enter();
        ulong sum = 0;
        for (int lane = 0; lane < _control.Superblock.Lanes; lane++)
            sum += _control.Lane(lane, StoreLayout.LaneSequence);
        return sum;
    }

    /// <summary>The share of its capacity that the store takes.</summary>
    public double Fill()
    {
        Enter();
        return _control.SegmentBytes() / (double)_control.Superblock.Capacity;
    }

    /// <summary>Whether a block was dropped since a compaction last left nothing to do.</summary>
    public bool HasDropsLeft()
    {
        Enter();
        return _control.Map.Read(StoreLayout.SweepWord) != _control.Map.Read(StoreLayout.CompactedWord);
    }

    /// <summary>Begins to compact in steps.</summary>
    /// <param name="mostAlive">The share of a segment that may be alive for it to be moved.</param>
    /// <param name="withData">Whether segments of blocks are looked at too, or those of facts alone.</param>
    /// <returns>Null where nothing of this store is ever compacted.</returns>
    public CompactionSteps? BeginCompaction(double mostAlive, bool withData)
    {
        EnterToWrite();
        return _liveness is { } liveness && !_control.Superblock.IsRing
            ? new CompactionSteps(this, _control, NewReclaim(liveness), mostAlive, withData,
                SegmentChoice.Compactable(_control, _segments))
            : null;
    }
}
