namespace ArrowCid;

/// <summary>What was done for one task since the store was opened.</summary>
/// <param name="Task">The task.</param>
/// <param name="Steps">Steps that did something.</param>
/// <param name="Failures">Steps that could not.</param>
/// <param name="Count">The sum of <see cref="MaintenanceStep.Count"/>.</param>
/// <param name="ByteLength">The sum of <see cref="MaintenanceStep.ByteLength"/>.</param>
/// <param name="Took">The time that they took.</param>
public sealed record MaintenanceStatistics(MaintenanceTask Task, long Steps, long Failures, long Count, long ByteLength,
    TimeSpan Took);
