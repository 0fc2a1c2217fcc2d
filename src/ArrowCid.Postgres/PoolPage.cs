using ArrowCid.Registry;

namespace ArrowCid.Postgres;

/// <summary>A page of what a query of a pool found, in the order in which the blocks were first pushed.</summary>
public sealed record PoolPage
{
    /// <summary>The entries.</summary>
    public required IReadOnlyList<StoredEntry> Entries { get; init; }

    /// <summary>Where the next page begins, for <see cref="QueryOptions.After"/>; null where this was the
    /// last.</summary>
    public required string? Next { get; init; }
}
