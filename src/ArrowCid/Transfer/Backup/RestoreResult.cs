namespace ArrowCid.Transfer.Backup;

/// <summary>The result of a restore or a copy.</summary>
/// <param name="NewBlocks">Blocks that were not there.</param>
/// <param name="NewFacts">Records of facts that were not there.</param>
/// <param name="ByteLength">The bytes of those blocks.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record RestoreResult(long NewBlocks, long NewFacts, long ByteLength, bool IsDryRun)
{
    /// <summary>The number of blocks that were there with damaged bytes, which the right ones have replaced.</summary>
    public long BlocksRepaired { get; init; }
}
