using System.Globalization;

namespace ArrowCid.Registry;

/// <summary>
/// Which versions are kept: the last N, the last one of each of the last N hours, days, weeks, months or years that
/// have one, and all versions within a span before the last. A version stays if any rule keeps it. Hours and days are
/// in UTC, weeks follow ISO 8601. If there are fewer versions than a rule keeps, the oldest one is kept too.
/// </summary>
public sealed class ForgetPolicy
{
    /// <summary>The number of last versions to keep.</summary>
    public int KeepLast { get; init; }

    /// <summary>The number of hours whose last version is kept.</summary>
    public int KeepHourly { get; init; }

    /// <summary>The number of days whose last version is kept.</summary>
    public int KeepDaily { get; init; }

    /// <summary>The number of weeks whose last version is kept.</summary>
    public int KeepWeekly { get; init; }

    /// <summary>The number of months whose last version is kept.</summary>
    public int KeepMonthly { get; init; }

    /// <summary>The number of years whose last version is kept.</summary>
    public int KeepYearly { get; init; }

    /// <summary>Every version that is no more than this older than the last one; null: none for that.</summary>
    public TimeSpan? KeepWithin { get; init; }

    /// <summary>Whether it keeps nothing at all.</summary>
    public bool IsEmpty => KeepWithin is null && Rules.All(rule => rule.Count == 0);

    private (string Name, int Count, Func<DateTime, string>? Bucket)[] Rules =>
    [
        ("last", KeepLast, null),
        ("hourly", KeepHourly, time => time.ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture)),
        ("daily", KeepDaily, time => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ("weekly", KeepWeekly, time => string.Create(CultureInfo.InvariantCulture,
            $"{ISOWeek.GetYear(time):0000}-W{ISOWeek.GetWeekOfYear(time):00}")),
        ("monthly", KeepMonthly, time => time.ToString("yyyy-MM", CultureInfo.InvariantCulture)),
        ("yearly", KeepYearly, time => time.ToString("yyyy", CultureInfo.InvariantCulture)),
    ];

    /// <summary>The rules that keep each of the given versions.</summary>
    /// <param name="times">When each came to be, the last one first.</param>
    /// <returns>For each the rules that keep it, such as <c>last</c> or <c>daily 2026-11-22</c>; none where it may
    /// go.</returns>
    /// <exception cref="ArgumentException">The times are in another order.</exception>
    public IReadOnlyList<IReadOnlyList<string>> Evaluate(IReadOnlyList<DateTimeOffset> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        for (int i = 1; i < times.Count; i++)
        {
            if (times[i] > times[i - 1]) throw new ArgumentException("The last version comes first.", nameof(times));
        }

        List<string>[] kept = [.. times.Select(_ => new List<string>())];
        foreach ((string name, int count, Func<DateTime, string>? bucket) in Rules)
            Keep(times, kept, name, count, bucket);
        for (int i = 0; KeepWithin is { } within && i < kept.Length; i++)
        {
            if (times[0] - times[i] <= within) kept[i].Add("within");
        }

        return kept;
    }

    private static void Keep(IReadOnlyList<DateTimeOffset> times, List<string>[] kept, string name, int count,
        Func<DateTime, string>? bucket)
    {
        string? last = null;
        for (int i = 0; i < kept.Length && count > 0; i++)
        {
            string? at = bucket?.Invoke(times[i].UtcDateTime);
            bool isOldest = i == kept.Length - 1;
            if (at is not null && at == last && !isOldest) continue;
            kept[i].Add(at is null ? name : $"{name} {at}");
            (last, count) = (at, count - 1);
        }
    }
}
