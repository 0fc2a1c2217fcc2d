namespace ArrowCid;

/// <summary>What was done for one task since the store was opened.</summary>
public sealed record MaintenanceStatistics
{
    /// <summary>The task.</summary>
    public required MaintenanceTask Task { get; init; }

    /// <summary>Steps that did something.</summary>
    public required long Steps { get; init; }

    /// <summary>Steps that could not.</summary>
    public required long Failures { get; init; }

    /// <summary>The sum of <see cref="MaintenanceStep.Count"/>.</summary>
    public required long Count { get; init; }

    /// <summary>The sum of <see cref="MaintenanceStep.ByteLength"/>.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The time that they took.</summary>
    public required TimeSpan Took { get; init; }
}
