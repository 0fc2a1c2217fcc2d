namespace ArrowCid.Registry;

/// <summary>A name points to a block or to nothing; with the change that this one replaces.</summary>
internal sealed record NameFact(string Name, Cid? Target, FactStamp? Previous) : Fact(FactKind.Name);
