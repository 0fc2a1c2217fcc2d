namespace ArrowCid.Registry;

/// <summary>Blocks that were dropped by the drop beside it, who dropped them and by which rule. It changes
/// nothing.</summary>
internal sealed record RemovalFact(string By, string Rule, RemovedBlock[] Blocks) : Fact(FactKind.Removal);
