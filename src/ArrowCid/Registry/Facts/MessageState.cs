using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>What a fact repeats of a message's block, so that the messages of a channel are found without reading
/// blocks.</summary>
internal sealed record MessageState(Cid Channel, ulong At, Digest256 Writer, UInt128 Run, ulong Sequence);
