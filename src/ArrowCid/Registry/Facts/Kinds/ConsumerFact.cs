namespace ArrowCid.Registry;

/// <summary>How far a durable consumer of a channel is, in this store alone.</summary>
internal sealed record ConsumerFact(Cid Subject, string Consumer, ConsumerState State) : Fact(FactKind.Consumer);
