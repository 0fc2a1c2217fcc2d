namespace ArrowCid.Registry;

/// <summary>A name stands for a block, or for nothing; and the change that this one replaces.</summary>
internal sealed record NameFact(string Name, Cid? Target, FactStamp? Previous) : Fact(FactKind.Name);
