namespace ArrowCid;

/// <summary>The progress of a sync.</summary>
public readonly record struct SyncProgress
{
    /// <summary>The step.</summary>
    public required SyncPhase Phase { get; init; }

    /// <summary>The number of blocks that were moved in this step; 0 where the step moves none.</summary>
    public required long Blocks { get; init; }

    /// <summary>The number of blocks of this step.</summary>
    public required long TotalBlocks { get; init; }

    /// <summary>The bytes of the blocks that were moved in this step.</summary>
    public required long Bytes { get; init; }

    /// <summary>The bytes of the blocks of this step.</summary>
    public required long TotalBytes { get; init; }
}
