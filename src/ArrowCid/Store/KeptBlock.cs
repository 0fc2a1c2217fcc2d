using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>A block that was not removed.</summary>
/// <param name="Cid">Its CID.</param>
/// <param name="Reasons">Why; at least one.</param>
public sealed record KeptBlock(Cid Cid, IReadOnlyList<KeepReason> Reasons);
