namespace ArrowCid.Registry;

internal sealed record ProducerFact(Cid Subject, string? Producer) : Fact(FactKind.Producer);
