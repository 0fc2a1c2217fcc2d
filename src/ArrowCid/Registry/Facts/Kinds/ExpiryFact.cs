namespace ArrowCid.Registry;

/// <summary>Milliseconds since 1970, or null: never.</summary>
internal sealed record ExpiryFact(Cid Subject, ulong? Expires) : Fact(FactKind.Expiry);
