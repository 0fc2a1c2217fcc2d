namespace ArrowCid.Registry;

/// <summary>The block that a name must point to before a change.</summary>
/// <param name="IsAny">True if any block, or none, is accepted.</param>
/// <param name="Cid">The expected block; null if the name must not exist.</param>
internal readonly record struct NameExpectation(bool IsAny, Cid? Cid);
