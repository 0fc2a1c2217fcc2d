namespace ArrowCid;

/// <summary>What a step did, or would do.</summary>
public sealed record MaintenanceStep
{
    /// <summary>What it was for.</summary>
    public required MaintenanceTask Task { get; init; }

    /// <summary>Blocks that went, records or blocks that were indexed, or segments that went.</summary>
    public required long Count { get; init; }

    /// <summary>The bytes of blocks or files that went.</summary>
    public required long ByteLength { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>How long it took, by the machine's clock.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>The same in words.</summary>
    public required string Words { get; init; }

    /// <summary>Why it was not done; null where it was. The next round tries again.</summary>
    public required string? Failure { get; init; }

    /// <summary>Whether nothing was done.</summary>
    public required bool IsDryRun { get; init; }
}
