using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>How <see cref="StorePlaces.WriteBackAsync"/> works.</summary>
public sealed record WriteBackOptions
{
    /// <summary>How long the puts after the first one are waited for, so that small blocks are copied together. A
    /// quarter of a second unless set.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>How long after a failure the next attempt is made; twice as long after each further one, up to 32
    /// times. One second unless set.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the name of a place and the result of each copy, on the thread that copies; null: no
    /// callback.</summary>
    public Action<string, BlockCopyResult>? Copied { get; init; }

    /// <summary>Gets the name of a place that failed, and why, on the thread that copies; null: no callback.</summary>
    public Action<string, ArrowCidException>? Failed { get; init; }

    internal void ThrowIfWrong()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Delay, TimeSpan.Zero, nameof(Delay));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RetryAfter, TimeSpan.Zero, nameof(RetryAfter));
    }
}
