namespace ArrowCid;

/// <summary>How a store is looked after in the background.</summary>
public sealed class MaintenanceOptions
{
    /// <summary>Every setting as it is unless set.</summary>
    // Named here alone: what is compiled ahead of time and makes no such options, as the C library, carries no
    // maintenance.
    public MaintenanceOptions() => Begin = store => new MaintenanceLoop(store, this);

    internal Func<CidStore, IDisposable> Begin { get; }

    /// <summary>How long after a round the next one begins. A minute unless set; less where the store is nearly
    /// full.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The share of time, above 0 and at most 1, that steps take while others put much. A tenth unless set.
    /// While no process puts, it is half, and as the store fills it grows to nine tenths.</summary>
    public double Share { get; init; } = 0.1;

    /// <summary>Gets every step once it is done, on a thread of the pool; null: no callback.</summary>
    public Action<MaintenanceStep>? Done { get; init; }

    internal void ThrowIfWrong()
    {
        if (Interval <= TimeSpan.Zero) throw new ArgumentException("Rounds begin some time apart.");
        if (Share is not (> 0 and <= 1)) throw new ArgumentException("A share of time is above 0 and at most 1.");
    }
}
