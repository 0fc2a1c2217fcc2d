namespace ArrowCid;

/// <summary>A step of a sync.</summary>
public enum SyncPhase
{
    /// <summary>The differences are found.</summary>
    Find = 1,

    /// <summary>Facts go both ways.</summary>
    Facts = 2,

    /// <summary>Blocks come to this store.</summary>
    Pull = 3,

    /// <summary>Blocks go to the other side.</summary>
    Push = 4,

    /// <summary>Names go both ways.</summary>
    Names = 5,
}
