namespace ArrowCid;

/// <summary>The result of a compaction, or of its dry run.</summary>
public sealed record CompactResult
{
    /// <summary>The segments that are no longer written to, oldest first, those of facts last.</summary>
    public required IReadOnlyList<CompactedSegment> Segments { get; init; }

    /// <summary>Whether nothing was done.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>The bytes by which the store became smaller: those of the removed files, without those of the files
    /// that were made for what was moved. It is below 0 where these are larger; they have space for later puts. A dry
    /// run does not know whether what it would move needs a new file.</summary>
    public long BytesFreed =>
        Segments.Where(one => one.Outcome == CompactOutcome.Freed).Sum(one => one.ByteLength) - BytesBegun;

    internal long BytesBegun { get; init; }

    /// <summary>The bytes that were copied.</summary>
    public long BytesMoved => Segments.Where(one => one.Outcome == CompactOutcome.Freed).Sum(one => one.BytesAlive);
}
