namespace ArrowCid;

/// <summary>What a full store does.</summary>
public enum StoreRetention
{
    /// <summary>It keeps what it has and refuses puts with <see cref="ErrorCode.StoreFull"/>; room comes from removing
    /// blocks.</summary>
    Keep = 0,

    /// <summary>The oldest blocks that nobody leases go, a whole segment at a time. Names and pins are
    /// refused.</summary>
    Ring = 1,
}
