namespace ArrowCid;

/// <summary>One segment of a compaction, with the result.</summary>
public sealed record CompactedSegment
{
    /// <summary>Its file's name in the store's directory.</summary>
    public required string Name { get; init; }

    /// <summary>What it holds.</summary>
    public required StoreSegmentKind Kind { get; init; }

    /// <summary>The file's bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The bytes of it that were moved, or stay.</summary>
    public required long BytesAlive { get; init; }

    /// <summary>The result; on a dry run, the expected result.</summary>
    public required CompactOutcome Outcome { get; init; }
}
