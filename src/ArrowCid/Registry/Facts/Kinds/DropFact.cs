using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>Copies and announcements up to each lane's number in the fence are void for these blocks.</summary>
internal sealed record DropFact(ulong[] Horizon, Digest256[] Digests) : Fact(FactKind.Drop);
