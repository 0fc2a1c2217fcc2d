namespace ArrowCid.Registry;

/// <summary>A call, by the CID of its block, has a result; with a null value it has none any more.</summary>
internal sealed record ResultFact(Cid Subject, Cid? Value) : Fact(FactKind.Result);
