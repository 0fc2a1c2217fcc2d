namespace ArrowCid.Postgres;

/// <summary>Why a pool keeps a block.</summary>
public sealed record PoolReason
{
    /// <summary><c>name</c>, <c>pin</c>, <c>expiry</c>, <c>hold</c>, or <c>recent</c> for a push or claim.</summary>
    public required string Kind { get; init; }

    /// <summary>The name, the time of the expiry, or the member and its machine; empty for a pin.</summary>
    public required string Detail { get; init; }

    /// <summary>The block that is kept so: the block itself, or one that needs it.</summary>
    public required Cid Block { get; init; }
}
