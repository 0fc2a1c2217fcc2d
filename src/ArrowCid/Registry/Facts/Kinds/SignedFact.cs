namespace ArrowCid.Registry;

/// <summary>A statement about a block was signed. All of them count, as a set.</summary>
internal sealed record SignedFact(Cid Subject, Cid Statement, Cid Signature) : Fact(FactKind.Signed);
