namespace ArrowCid.Transfer.Backends;

/// <summary>When a read that may be answered by several backends asks the next one.</summary>
public sealed class HedgeOptions
{
    /// <summary>How long an answer is awaited before the next backend is asked too. Null: the time in which 95 % of the
    /// last 64 answers came, at least 10 ms and at most 2 s; 200 ms before the eighth answer.
    /// <see cref="Timeout.InfiniteTimeSpan"/>: the next one is asked only where the one before it has failed or lacks
    /// the block.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The largest number of backends that are asked at the same time for one block, at least 1.</summary>
    public int MaxParallel { get; init; } = 3;

    /// <summary>The clock of the delay.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;
}
