namespace ArrowCid.Registry;

/// <summary>Tags set, and taken away where the value is null; the keys in dag-cbor's order, each once.</summary>
internal sealed record TagsFact(Cid Subject, KeyValuePair<string, string?>[] Tags) : Fact(FactKind.Tags);
