using ArrowCid.Memory;

namespace ArrowCid;

/// <summary>What came to a store since a cursor: blocks and records of facts. There is none where something was also
/// removed or found damaged since, or where the log does not reach so far back.</summary>
/// <param name="Since">The cursor, as text.</param>
/// <param name="Fence">Where it ends, as the text of a cursor.</param>
/// <param name="Blocks">The blocks, each once.</param>
/// <param name="Facts">The payloads of records.</param>
internal sealed record StoreTail(string Since, string Fence, IReadOnlyCollection<Digest256> Blocks,
    IReadOnlyList<byte[]> Facts);
