namespace ArrowCid;

/// <summary>Which way blocks and facts go in a sync.</summary>
public enum SyncDirection
{
    /// <summary>Both ways.</summary>
    Both,

    /// <summary>From the other side to this store.</summary>
    Pull,

    /// <summary>From this store to the other side.</summary>
    Push,
}
