namespace ArrowCid;

/// <summary>The behavior of a full store.</summary>
public enum RetentionMode
{
    /// <summary>The store keeps its blocks and refuses puts with <see cref="ErrorCode.StoreFull"/>; removing blocks
    /// frees space.</summary>
    Keep = 0,

    /// <summary>The store evicts its oldest blocks that have no lease, one whole segment at a time. Names and pins
    /// are refused.</summary>
    Ring = 1,
}
