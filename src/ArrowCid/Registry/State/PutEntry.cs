using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>A record that a block was put with: the time, in ticks since 1970, and the schema where it has one; zeros
/// for a node of IPLD.</summary>
internal readonly record struct PutEntry(ulong Ticks, Digest256? Schema);
