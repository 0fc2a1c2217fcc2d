namespace ArrowCid.Transfer.Backends;

/// <summary>The times of the last answers, and the time in which most of them came. Safe for concurrent
/// use.</summary>
internal sealed class AnswerTimes
{
    private const int Kept = 64, Enough = 8, Percent = 95;

    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200), s_least = TimeSpan.FromMilliseconds(10),
        s_most = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly TimeSpan[] _times = new TimeSpan[Kept];
    private int _count;
    private TimeSpan _delay = s_first;

    /// <summary>The time in which 95 % of them came, within bounds.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (_gate) return _delay;
        }
    }

    public void Add(TimeSpan time)
    {
        lock (_gate)
        {
            _times[_count++ % Kept] = time;
            if (_count < Enough) return;
            TimeSpan[] sorted = [.. _times.AsSpan(0, Math.Min(_count, Kept))];
            Array.Sort(sorted);
            TimeSpan most = sorted[(sorted.Length - 1) * Percent / 100];
            _delay = most < s_least ? s_least : most > s_most ? s_most : most;
        }
    }
}
