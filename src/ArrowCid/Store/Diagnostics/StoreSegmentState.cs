namespace ArrowCid;

/// <summary>The stage of a segment's life.</summary>
public enum StoreSegmentState
{
    /// <summary>It is being created.</summary>
    Creating,

    /// <summary>Records are appended to it.</summary>
    Open,

    /// <summary>It is complete and does not change.</summary>
    Sealed,

    /// <summary>It is being deleted.</summary>
    Retired,
}
