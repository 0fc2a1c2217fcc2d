using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A block that was not removed.</summary>
public sealed record KeptBlock
{
    /// <summary>Its CID.</summary>
    public required Cid Cid { get; init; }

    /// <summary>Why; at least one.</summary>
    public required IReadOnlyList<KeepReason> Reasons { get; init; }
}
