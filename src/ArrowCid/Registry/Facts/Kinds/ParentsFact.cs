namespace ArrowCid.Registry;

internal sealed record ParentsFact(Cid Subject, Cid[] Parents) : Fact(FactKind.Parents);
