namespace ArrowCid.Registry;

internal sealed record PinFact(Cid Subject, bool IsPinned) : Fact(FactKind.Pin);
