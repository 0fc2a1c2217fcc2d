using ArrowCid.Ipld;

namespace ArrowCid.Registry;

/// <summary>Free JSON; the null node takes it away.</summary>
internal sealed record JsonFact(Cid Subject, IpldNode Data) : Fact(FactKind.Json);
