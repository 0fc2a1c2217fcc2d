namespace ArrowCid.Postgres;

/// <summary>What a verification of a pool found.</summary>
public sealed record PoolVerifyResult
{
    /// <summary>The number of live blocks.</summary>
    public required long Blocks { get; init; }

    /// <summary>The number of blocks that were read and hashed.</summary>
    public required long Hashed { get; init; }

    /// <summary>Blocks that are kept or needed, and of which no object is there.</summary>
    public required IReadOnlyList<Cid> Missing { get; init; }

    /// <summary>Blocks whose bytes do not hash to their CID.</summary>
    public required IReadOnlyList<Cid> Damaged { get; init; }

    /// <summary>Keys of objects that no row knows.</summary>
    public required IReadOnlyList<string> Leftovers { get; init; }

    /// <summary>Words and names of the tables that are not what the log of facts gives.</summary>
    public required IReadOnlyList<string> Differences { get; init; }

    /// <summary>Whether nothing is wrong. What a push has left is not wrong.</summary>
    public bool IsClean => Missing.Count == 0 && Damaged.Count == 0 && Differences.Count == 0;
}
