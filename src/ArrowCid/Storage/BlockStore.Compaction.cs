namespace ArrowCid.Storage;

/// <summary>Automatic compaction: a handle frees space some time after a drop.</summary>
internal sealed partial class BlockStore
{
    // Of a segment that is less alive than this, moving it costs little.
    private const double MostAliveUnasked = 0.25;

    private static readonly TimeSpan s_patienceUnasked = TimeSpan.FromMilliseconds(300);

    private readonly object _compactGate = new();
    private int _isCompacting;
    private long _sweptAt;

    /// <summary>On the tick: begins a compaction where a drop is so old, and none was made since it.</summary>
    private void CompactInTime()
    {
        ulong sweep = _control.Map.Read(StoreLayout.SweepWord);
        if ((sweep & 1) != 0 || sweep == _control.Map.Read(StoreLayout.CompactedWord) || _control.Superblock.IsRing ||
            _liveness is null)
            return;
        // Drops that follow one another do not put it off.
        if (_sweptAt == 0) _sweptAt = Clock.GetTimestamp();
        if (Clock.GetElapsedTime(_sweptAt) < _settings.CompactDelay) return;
        // Store maintenance, where it runs, does this and more.
        if (IsMaintainer || _control.IsLockedElsewhere(StoreLayout.MaintenanceLock)) return;
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
                if (_isClosed || _isGone || _liveness is not { } liveness) return;
                using MaintenanceLockScope? term = TryBecomeJanitor(TimeSpan.Zero);
                if (term is null) return;
                ReclaimReport report = NewReclaim(liveness).Run(MostAliveUnasked, dryRun: false,
                    isEnough: () => _isClosed, s_patienceUnasked);
                // Segments that are in use are tried again later.
                bool isDone = !report.Segments.Any(one => one.Outcome is ReclaimOutcome.Held or ReclaimOutcome.NoRoom);
                if (isDone && !_isClosed) _control.Map.Write(StoreLayout.CompactedWord, sweep);
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
    private void EndCompaction()
    {
        lock (_compactGate) _isCompacting = 1;
    }
}
