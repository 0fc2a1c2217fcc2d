namespace ArrowCid;

/// <summary>What a step did, or would do.</summary>
/// <param name="Task">What it was for.</param>
/// <param name="Count">Blocks that went, records or blocks that were indexed, or segments that went.</param>
/// <param name="ByteLength">The bytes of blocks or files that went.</param>
/// <param name="Time">When it began.</param>
/// <param name="Took">How long it took, by the machine's clock.</param>
/// <param name="Words">The same in words.</param>
/// <param name="Failure">Why it was not done; null where it was. The next round tries again.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record MaintenanceStep(MaintenanceTask Task, long Count, long ByteLength, DateTimeOffset Time,
    TimeSpan Took, string Words, string? Failure, bool IsDryRun);
