namespace ArrowCid.Storage;

/// <summary>What came, or on a dry run would come, of one segment.</summary>
internal sealed record ReclaimedSegment(string Name, long Bytes, long LiveBytes, int DeadBlocks,
    ReclaimOutcome Outcome)
{
    public SegmentKind Kind { get; init; } = SegmentKind.Data;
}
