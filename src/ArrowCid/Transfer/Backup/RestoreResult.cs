namespace ArrowCid.Transfer.Backup;

/// <summary>The result of a restore or a copy.</summary>
public sealed record RestoreResult
{
    /// <summary>Blocks that were not there.</summary>
    public required long NewBlocks { get; init; }

    /// <summary>Records of facts that were not there.</summary>
    public required long NewFacts { get; init; }

    /// <summary>The bytes of those blocks.</summary>
    public required long ByteLength { get; init; }

    /// <summary>Whether nothing was done.</summary>
    public required bool IsDryRun { get; init; }

    /// <summary>The number of blocks that were there with damaged bytes, which the right ones have replaced.</summary>
    public long BlocksRepaired { get; init; }

    /// <summary>The number of new signed statements whose signatures hold.</summary>
    public long StatementsHolding { get; init; }

    /// <summary>The number of new signed statements whose signatures do not hold, or whose blocks did not
    /// come.</summary>
    public long StatementsBroken { get; init; }
}
