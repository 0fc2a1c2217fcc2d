namespace ArrowCid.Postgres;

/// <summary>What was restored of a pool.</summary>
public sealed record PoolRestoreResult
{
    /// <summary>The number of objects of which the database had no row.</summary>
    public required long Objects { get; init; }

    /// <summary>The number of blocks in them.</summary>
    public required long Blocks { get; init; }

    /// <summary>The number of groups of facts that the database lacked.</summary>
    public required long FactGroups { get; init; }

    /// <summary>The number of changes of names that the database lacked.</summary>
    public required long NameChanges { get; init; }
}
