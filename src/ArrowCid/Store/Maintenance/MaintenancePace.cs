namespace ArrowCid;

/// <summary>
/// The length of a pause: a step's time and the pause after it are in a proportion that depends on other work. While
/// there are no puts, steps take half of the time; the more is put, the less, down to a configured share; and as the
/// store fills up they take more again, because callers that need space wait for them.
/// </summary>
internal static class MaintenancePace
{
    /// <summary>The share while there are no puts.</summary>
    public const double IdleShare = 0.5;

    /// <summary>The share in a store that is full.</summary>
    public const double UrgentShare = 0.9;

    /// <summary>From here on a store is filling up.</summary>
    public const double Filling = 0.8;

    // At this number of records per second the share is half of the idle share.
    private const double RecordsOfHalf = 100;

    // A step that took long does not put the next one off without end.
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    /// <summary>The share of time that steps may take.</summary>
    /// <param name="least">What was set for when much is put.</param>
    /// <param name="recordsPerSecond">What others put.</param>
    /// <param name="fill">The share of the store's capacity that is taken.</param>
    public static double Share(double least, double recordsPerSecond, double fill)
    {
        double share = Math.Max(Math.Min(least, IdleShare), IdleShare / (1 + (recordsPerSecond / RecordsOfHalf)));
        double urgency = Math.Clamp((fill - Filling) / (1 - Filling), 0, 1);
        return Math.Max(Math.Max(share, least), share + ((UrgentShare - share) * urgency));
    }

    /// <summary>The pause after a step.</summary>
    public static TimeSpan PauseAfter(TimeSpan took, double share)
    {
        var pause = took * ((1 - share) / share);
        return pause < s_longest ? pause : s_longest;
    }

    /// <summary>How long after a round the next one begins.</summary>
    public static TimeSpan PauseOfRounds(TimeSpan interval, double fill)
    {
        double urgency = Math.Clamp((fill - Filling) / (1 - Filling), 0, 1);
        return interval * (1 - (UrgentShare * urgency));
    }
}
