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
    /// While nobody puts it is half, and as the store fills it grows to nine tenths.</summary>
    public double Share { get; init; } = 0.1;

    /// <summary>Gets every step once it is done, on a thread of the pool; null: nobody does.</summary>
    public Action<MaintenanceStep>? Done { get; init; }

    internal void ThrowIfWrong()
    {
        if (Interval <= TimeSpan.Zero) throw new ArgumentException("Rounds begin some time apart.");
        if (Share is not (> 0 and <= 1)) throw new ArgumentException("A share of time is above 0 and at most 1.");
    }
}

/// <summary>What a step does.</summary>
public enum MaintenanceTask
{
    /// <summary>Brings the indexes up to date with the log.</summary>
    Checkpoint = 0,

    /// <summary>Makes one index file of several.</summary>
    Merge = 1,

    /// <summary>Drops what has expired.</summary>
    Expire = 2,

    /// <summary>Drops versions that the policy does not keep.</summary>
    Forget = 3,

    /// <summary>Drops what no root needs, where the policy says so.</summary>
    Collect = 4,

    /// <summary>Gives the room of dropped blocks and superseded facts back.</summary>
    Compact = 5,
}

/// <summary>What a step did, or would do.</summary>
/// <param name="Task">What it was for.</param>
/// <param name="Count">Blocks that went, records or blocks that were indexed, or segments that went.</param>
/// <param name="ByteLength">The bytes of blocks or files that went.</param>
/// <param name="Time">When it began.</param>
/// <param name="Took">How long it took, by the machine's clock.</param>
/// <param name="Words">The same in words.</param>
/// <param name="Failure">Why it was not done; null where it was. The next round tries again.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record MaintenanceStep(MaintenanceTask Task, long Count, long ByteLength, DateTimeOffset Time,
    TimeSpan Took, string Words, string? Failure, bool IsDryRun);

/// <summary>What was done for one task since the store was opened.</summary>
/// <param name="Task">The task.</param>
/// <param name="Steps">Steps that did something.</param>
/// <param name="Failures">Steps that could not.</param>
/// <param name="Count">The sum of <see cref="MaintenanceStep.Count"/>.</param>
/// <param name="ByteLength">The sum of <see cref="MaintenanceStep.ByteLength"/>.</param>
/// <param name="Took">The time that they took.</param>
public sealed record MaintenanceStatistics(MaintenanceTask Task, long Steps, long Failures, long Count, long ByteLength,
    TimeSpan Took);
