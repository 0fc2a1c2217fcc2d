using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>A key that a query comes to, the block that it leads to, and the runs that may speak of that.</summary>
internal readonly record struct KeyAhead(byte[] Key, Digest256? Digest, RunSet Speakers);
