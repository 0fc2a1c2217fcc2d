namespace ArrowCid.Storage;

/// <summary>What a reclaim did, or would do.</summary>
internal sealed record ReclaimReport(IReadOnlyList<ReclaimedSegment> Segments)
{
    public long BytesFreed => Segments.Where(one => one.Outcome == ReclaimOutcome.Freed).Sum(one => one.Bytes);

    public long BytesMoved => Segments.Where(one => one.Outcome == ReclaimOutcome.Freed).Sum(one => one.LiveBytes);
}
