namespace ArrowCid;

/// <summary>The removed blocks; on a dry run, the blocks that would be removed.</summary>
/// <param name="Removed">The removed blocks.</param>
/// <param name="Kept">The requested blocks that stay, with the reasons.</param>
/// <param name="ByteLength">The bytes of the removed blocks; compaction frees their space.</param>
/// <param name="IsDryRun">True if nothing was changed.</param>
public sealed record RemoveResult(IReadOnlyList<Cid> Removed, IReadOnlyList<KeptBlock> Kept, long ByteLength,
    bool IsDryRun);
