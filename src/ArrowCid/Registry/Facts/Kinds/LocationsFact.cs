namespace ArrowCid.Registry;

internal sealed record LocationsFact(Cid Subject, string[] Locations) : Fact(FactKind.Locations);
