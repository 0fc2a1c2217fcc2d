namespace ArrowCid.Postgres;

/// <summary>How a pool is verified.</summary>
public sealed class PoolVerifyOptions
{
    /// <summary>The share of the blocks that are read and hashed, from 0 to 1. Of the others only the rows are
    /// checked.</summary>
    public double Sample { get; init; } = 1;

    /// <summary>Whether objects that no row knows are deleted: what a push has left that died while it wrote.</summary>
    public bool Repair { get; init; }
}
