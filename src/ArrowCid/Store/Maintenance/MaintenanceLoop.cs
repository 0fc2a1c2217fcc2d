using System.Diagnostics;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// Rounds of maintenance, a step at a time with pauses between, in the one process that has the store's maintenance
/// lock; every other one asks for the lock once a round. Steps run on the pool's threads, never two at once.
/// </summary>
internal sealed class MaintenanceLoop : IDisposable
{
    // What seldom changes anything is looked for so often at least.
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    // Clocks of processes differ a little.
    private static readonly TimeSpan s_margin = TimeSpan.FromMinutes(1);

    private readonly CidStore _store;
    private readonly BlockStore _blocks;
    private readonly MaintenanceOptions _options;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private IEnumerator<MaintenanceStep?>? _round;
    private DateTimeOffset _roundBegan;
    private ulong _recordsAtRound, _recordsAtPolicy = ulong.MaxValue;
    private DateTimeOffset _lastExpiry = DateTimeOffset.UnixEpoch + s_margin;
    private DateTimeOffset _lastWhole;
    private (ulong Records, long At) _before;
    private int _isEnding;
    private bool _isClosed;

    public MaintenanceLoop(CidStore store, MaintenanceOptions options)
    {
        (_store, _blocks, _options) = (store, store.Blocks, options);
        _before = (_blocks.Coordination.RecordsGiven(), Stopwatch.GetTimestamp());
        _timer = store.Clock.CreateTimer(static state =>
        {
            if (((WeakReference<MaintenanceLoop>)state!).TryGetTarget(out MaintenanceLoop? loop)) loop.Tick();
        }, new WeakReference<MaintenanceLoop>(this), options.Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends a step at work, as soon as it can be, and lets others maintain the store.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isEnding, 1) != 0) return;
        _end.Cancel();
        lock (_gate)
        {
            _isClosed = true;
            _timer.Dispose();
            _round?.Dispose();
            _blocks.Coordination.EndMaintenance();
        }

        _end.Dispose();
    }

    private void Tick()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            TimeSpan pause = Step();
            _ = _timer.Change(pause, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A step, and the length of the pause after it.</summary>
    private TimeSpan Step()
    {
        try
        {
            if (!_blocks.Coordination.IsMaintainer && !_blocks.Coordination.TryBeginMaintenance())
                return _options.Interval;
            double rate = RateOfOthers();
            _round ??= Begin();
            long started = Stopwatch.GetTimestamp();
            bool isMore = _round.MoveNext();
            TimeSpan took = Stopwatch.GetElapsedTime(started);
            if (isMore && _round.Current is { } step) _store.Maintenance.Note(step, _options.Done);
            double fill = _blocks.Coordination.Fill();
            if (!isMore) End();
            _before = (_blocks.Coordination.RecordsGiven(), Stopwatch.GetTimestamp());
            return isMore
                ? MaintenancePace.PauseAfter(took, MaintenancePace.Share(_options.Share, rate, fill))
                : MaintenancePace.PauseOfRounds(_options.Interval, fill);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            return Timeout.InfiniteTimeSpan;
        }
        catch (ArrowCidException e)
        {
            // Between steps only the store itself fails.
            return e.Code is ErrorCode.StoreGone or ErrorCode.Forked ? Timeout.InfiniteTimeSpan : _options.Interval;
        }
    }

    /// <summary>What was put while this paused, a second: its own steps say nothing then.</summary>
    private double RateOfOthers()
    {
        (ulong records, long at) = _before;
        ulong now = _blocks.Coordination.RecordsGiven();
        double seconds = Stopwatch.GetElapsedTime(at).TotalSeconds;
        return now <= records || seconds <= 0 ? 0 : (now - records) / seconds;
    }

    private IEnumerator<MaintenanceStep?> Begin()
    {
        _store.Places.Cache.RecordReads();
        _roundBegan = _store.Clock.GetUtcNow();
        _recordsAtRound = _blocks.Coordination.RecordsGiven();
        bool isWhole = _roundBegan - _lastWhole >= s_hour;
        if (isWhole) _lastWhole = _roundBegan;
        return new MaintenanceRound(_store, isDryRun: false)
        {
            ExpiredAfter = isWhole ? DateTimeOffset.UnixEpoch : _lastExpiry - s_margin,
            WithPolicy = isWhole || _recordsAtRound != _recordsAtPolicy,
            WithFacts = isWhole ||
                (_recordsAtRound != _recordsAtPolicy && _blocks.Coordination.Fill() > MaintenancePace.Filling),
        }.Steps(_end.Token).GetEnumerator();
    }

    private void End()
    {
        _round!.Dispose();
        _round = null;
        (_lastExpiry, _recordsAtPolicy) = (_roundBegan, _recordsAtRound);
    }
}
