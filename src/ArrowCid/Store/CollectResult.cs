namespace ArrowCid;

/// <summary>What was collected, or would be.</summary>
/// <param name="Collected">The blocks that go, each before what it needs.</param>
/// <param name="Kept">On a dry run every other block, and why it stays; else empty.</param>
/// <param name="ByteLength">The bytes of the deleted blocks; their space is freed by
/// <see cref="CidStore.Compact"/>.</param>
/// <param name="BytesKept">The bytes of the blocks that stay.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record CollectResult(IReadOnlyList<CollectedBlock> Collected, IReadOnlyList<KeptBlock> Kept,
    long ByteLength, long BytesKept, bool IsDryRun);
