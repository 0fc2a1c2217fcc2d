namespace ArrowCid.Tests.Store;

/// <summary>A clock that stands still until it is told to go on; what is due then happens on the thread that tells
/// it.</summary>
internal sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Due> _timers = [];
    private DateTimeOffset _now = now;

    /// <summary>A clock that begins at the wall clock's time.</summary>
    public ManualClock() : this(DateTimeOffset.UtcNow)
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public void Advance(TimeSpan by)
    {
        DateTimeOffset until = GetUtcNow() + by;
        while (true)
        {
            Due? next;
            lock (_lock)
            {
                next = _timers.Where(timer => timer.At <= until).MinBy(timer => timer.At);
                if (next is null)
                {
                    _now = until;
                    return;
                }

                _now = next.At > _now ? next.At : _now;
                next.At = DateTimeOffset.MaxValue;
            }

            next.Call();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, period);
        var timer = new Due(this, () => callback(state));
        _ = timer.Change(dueTime, period);
        lock (_lock) _timers.Add(timer);
        return timer;
    }

    private sealed class Due(ManualClock clock, Action call) : ITimer
    {
        public DateTimeOffset At { get; set; } = DateTimeOffset.MaxValue;

        public Action Call { get; } = call;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock) At = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : clock._now + dueTime;
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock) _ = clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
