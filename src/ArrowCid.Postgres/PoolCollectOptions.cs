namespace ArrowCid.Postgres;

/// <summary>How a pool is collected.</summary>
public sealed class PoolCollectOptions
{
    internal static readonly TimeSpan DefaultOlderThan = TimeSpan.FromHours(1);

    /// <summary>Blocks that were pushed or claimed within this span stay.</summary>
    public TimeSpan OlderThan { get; init; } = DefaultOlderThan;

    /// <summary>How long the object of a removed block stays, in case that it is pushed again or that a backup of the
    /// database is restored. It must not be shorter than the age of the oldest backup that may be restored.</summary>
    public TimeSpan KeepDead { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Whether only a report is made.</summary>
    public bool DryRun { get; init; }
}
