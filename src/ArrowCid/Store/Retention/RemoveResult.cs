namespace ArrowCid;

/// <summary>The removed blocks; on a dry run, the blocks that would be removed.</summary>
public sealed record RemoveResult
{
    /// <summary>The removed blocks.</summary>
    public required IReadOnlyList<Cid> Removed { get; init; }

    /// <summary>The requested blocks that stay, with the reasons.</summary>
    public required IReadOnlyList<KeptBlock> Kept { get; init; }

    /// <summary>The bytes of the removed blocks; compaction frees their space.</summary>
    public required long ByteLength { get; init; }

    /// <summary>True if nothing was changed.</summary>
    public required bool IsDryRun { get; init; }
}
