namespace ArrowCid;

/// <summary>The progress of a long call. Reports of one call never go back, and the last one of a call that succeeds
/// has <see cref="Completed"/> equal to <see cref="Total"/>.</summary>
public readonly record struct OperationProgress
{
    /// <summary>The unit of both numbers.</summary>
    public ProgressUnit Unit { get; init; }

    /// <summary>The finished part of the work.</summary>
    public long Completed { get; init; }

    /// <summary>All of the work: an estimate until the last report; null while nothing is known of it.</summary>
    public long? Total { get; init; }
}
