namespace ArrowCid;

/// <summary>What was collected, or would be.</summary>
public sealed record CollectResult
{
    /// <summary>The blocks that go, each before what it needs.</summary>
    public required IReadOnlyList<CollectedBlock> Collected { get; init; }

    /// <summary>On a dry run every other block, and why it stays; else empty.</summary>
    public required IReadOnlyList<KeptBlock> Kept { get; init; }

    /// <summary>The bytes of the deleted blocks; their space is freed by
    /// <see cref="StoreMaintenance.Compact"/>.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The bytes of the blocks that stay.</summary>
    public required long BytesKept { get; init; }

    /// <summary>Whether nothing was done.</summary>
    public required bool IsDryRun { get; init; }
}
