namespace ArrowCid.Postgres;

/// <summary>The result of a collection of a pool.</summary>
public sealed record PoolCollectResult
{
    /// <summary>The number of objects that nothing keeps, which are dead now.</summary>
    public required long Dead { get; init; }

    /// <summary>Their bytes.</summary>
    public required long DeadBytes { get; init; }

    /// <summary>The number of objects that were deleted: dead ones of earlier collections, and what is left of pushes
    /// that died.</summary>
    public required long Deleted { get; init; }

    /// <summary>Their bytes.</summary>
    public required long DeletedBytes { get; init; }

    /// <summary>Whether nothing was changed.</summary>
    public required bool IsDryRun { get; init; }
}
