namespace ArrowCid;

/// <summary>What was removed, or would be.</summary>
/// <param name="Removed">The blocks that go.</param>
/// <param name="Kept">Those that were asked for and stay.</param>
/// <param name="ByteLength">The bytes of the blocks that go; the room comes back when the store is cleaned up.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record RemoveResult(IReadOnlyList<Cid> Removed, IReadOnlyList<KeptBlock> Kept, long ByteLength,
    bool IsDryRun);
