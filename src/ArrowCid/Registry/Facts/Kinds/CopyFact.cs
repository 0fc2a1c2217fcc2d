namespace ArrowCid.Registry;

/// <summary>A block is stored at a place, or with a null state no longer.</summary>
internal sealed record CopyFact(Cid Subject, string Place, CopyState? State) : Fact(FactKind.Copy);
