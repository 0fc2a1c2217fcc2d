namespace ArrowCid.Registry;

/// <summary>What a name must stand for so that it may be changed.</summary>
/// <param name="IsAny">Anything, or nothing.</param>
/// <param name="Cid">This block; null: nothing.</param>
internal readonly record struct NameExpectation(bool IsAny, Cid? Cid);
