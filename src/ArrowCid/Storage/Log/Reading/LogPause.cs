using System.Diagnostics;

namespace ArrowCid.Storage;

/// <summary>
/// One watcher's way from "nothing there" to sleep: where the last wait was a short one a spin, which on two CPUs is
/// the quickest way to hear of a commit, then the flag and another look, then sleep. A spin that is in vain takes the
/// CPU from who is to commit, and from the other watchers.
/// </summary>
internal struct LogPause(LogSignal signal)
{
    private static readonly TimeSpan s_spin =
        Environment.ProcessorCount > 1 ? TimeSpan.FromMicroseconds(20) : TimeSpan.Zero;

    // A wait that ended in a sleep took the time of a wake-up too.
    private static readonly TimeSpan s_short = TimeSpan.FromMicroseconds(100);

    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(20);

    private long _started;
    private bool _wasLong;
    private bool _isArmed;
    private bool _hasSlept;
    private uint _seen;
    private TimeSpan _poll;

    /// <summary>Something was there.</summary>
    public void Reset()
    {
        if (_started == 0) return;
        bool wasLong = Stopwatch.GetElapsedTime(_started) > s_short;
        this = new LogPause(signal) { _wasLong = wasLong };
    }

    /// <summary>Nothing was there.</summary>
    /// <returns>True where to look again at once, false where to sleep.</returns>
    public bool LooksAgain()
    {
        if (_isArmed) return false;
        if (_started == 0) _started = Stopwatch.GetTimestamp();
        if (!_hasSlept && !_wasLong && Stopwatch.GetElapsedTime(_started) < s_spin)
        {
            Thread.SpinWait(10);
            return true;
        }

        _seen = signal.Arm();
        return _isArmed = true;
    }

    public void Sleep(TimeSpan most)
    {
        TimeSpan poll = Slept();
        signal.Sleep(_seen, most < poll ? most : poll);
    }

    public Task SleepAsync() => signal.SleepAsync(_seen, Slept());

    private TimeSpan Slept()
    {
        (_isArmed, _hasSlept) = (false, true);
        if (signal.CanSleep) return TimeSpan.MaxValue;
        _poll = _poll == TimeSpan.Zero ? s_shortest : TimeSpan.FromTicks(Math.Min(_poll.Ticks * 2, s_longest.Ticks));
        return _poll;
    }
}
