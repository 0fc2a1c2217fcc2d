namespace ArrowCid;

/// <summary>What a compaction did, or would do.</summary>
/// <param name="Segments">The segments that are no longer written to, oldest first, those of facts last.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record CompactResult(IReadOnlyList<CompactedSegment> Segments, bool IsDryRun)
{
    /// <summary>The bytes of the files that went.</summary>
    public long BytesFreed => Segments.Where(one => one.Outcome == CompactOutcome.Freed).Sum(one => one.ByteLength);

    /// <summary>The bytes that were copied.</summary>
    public long BytesMoved => Segments.Where(one => one.Outcome == CompactOutcome.Freed).Sum(one => one.BytesAlive);
}
