namespace ArrowCid.Server.Diagnostics;

/// <summary>Lets a few log lines a second through and counts the others, so that no caller can fill a disk. For any
/// number of threads.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    /// <summary>Lines a second.</summary>
    public const int Most = 10;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _began;
    private int _written, _omitted;

    /// <summary>Whether a line may be written.</summary>
    /// <param name="omitted">The number of lines that were left out since the last one, to be logged before it.</param>
    public bool TryEnter(out int omitted)
    {
        omitted = 0;
        lock (_lock)
        {
            long now = time.GetTimestamp();
            if (_written == 0 || time.GetElapsedTime(_began, now) >= s_window)
                (_began, _written, omitted, _omitted) = (now, 0, _omitted, 0);
            if (_written < Most)
            {
                _written++;
                return true;
            }

            _omitted++;
            return false;
        }
    }

    /// <summary>Returns the number of lines that were left out and not logged yet.</summary>
    public int TakeOmitted()
    {
        lock (_lock)
        {
            int omitted = _omitted;
            _omitted = 0;
            return omitted;
        }
    }
}
