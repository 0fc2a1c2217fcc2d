namespace ArrowCid.Storage;

/// <summary>What a reclaim did, or would do.</summary>
/// <param name="Segments">The segments that were examined.</param>
/// <param name="BytesBegun">The bytes of the segments that were begun for it.</param>
internal sealed record ReclaimReport(IReadOnlyList<ReclaimedSegment> Segments, long BytesBegun = 0)
{
    /// <summary>The bytes by which the store became smaller; below 0 where more were begun than removed.</summary>
    public long BytesFreed =>
        Segments.Where(one => one.Outcome == ReclaimOutcome.Freed).Sum(one => one.Bytes) - BytesBegun;

    public long BytesMoved => Segments.Where(one => one.Outcome == ReclaimOutcome.Freed).Sum(one => one.LiveBytes);
}
