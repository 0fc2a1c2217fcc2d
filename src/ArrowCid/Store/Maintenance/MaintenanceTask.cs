namespace ArrowCid;

/// <summary>The task of a step.</summary>
public enum MaintenanceTask
{
    /// <summary>Brings the indexes up to date with the log.</summary>
    Checkpoint = 0,

    /// <summary>Makes one index file of several.</summary>
    Merge = 1,

    /// <summary>Drops what has expired.</summary>
    Expire = 2,

    /// <summary>Drops versions that the policy does not keep.</summary>
    Forget = 3,

    /// <summary>Drops what no root needs, where the policy says so.</summary>
    Collect = 4,

    /// <summary>Frees the space of dropped blocks and superseded facts.</summary>
    Compact = 5,

    /// <summary>Removes blocks that other places have, where the store is over its cache size. Done before <see
    /// cref="Compact"/>.</summary>
    Evict = 6,
}
