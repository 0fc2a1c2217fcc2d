namespace ArrowCid.Postgres;

/// <summary>A member of a pool whose lease runs.</summary>
public sealed record PoolMemberStatus
{
    /// <summary>The number of the member.</summary>
    public required long Id { get; init; }

    /// <summary>The machine and process.</summary>
    public required string Host { get; init; }

    /// <summary>When it joined, by the database's clock.</summary>
    public required DateTimeOffset Joined { get; init; }

    /// <summary>The number of groups of facts that its store does not have yet, counted up to 100,000; null where it
    /// has read none.</summary>
    public required long? Lag { get; init; }
}
