namespace ArrowCid;

/// <summary>What a <see cref="StoreNotification"/> reports. The numbers are also the ids of the log messages.</summary>
public enum StoreNotificationKind
{
    /// <summary>A handle opened the store.</summary>
    Opened = 100,

    /// <summary>Table and index were rebuilt from the segments, because the machine restarted without a clean close or
    /// because the files are a copy.</summary>
    Rebuilt = 200,

    /// <summary>The log of a writer that ended without closing was recovered.</summary>
    WriterRecovered = 201,

    /// <summary>The digest index was rebuilt from the segments.</summary>
    IndexRebuilt = 202,

    /// <summary>Damaged bytes were found and quarantined.</summary>
    DamageFound = 300,

    /// <summary>A damaged block was replaced by the right bytes.</summary>
    BlockRepaired = 301,

    /// <summary>A ring evicted its oldest segment.</summary>
    SegmentEvicted = 400,

    /// <summary>A compaction freed segments.</summary>
    Compacted = 401,

    /// <summary>A collection deleted blocks.</summary>
    Collected = 402,

    /// <summary>A step of maintenance did something, such as a sweep of expired blocks.</summary>
    MaintenanceDone = 403,

    /// <summary>A step of maintenance failed; the next round tries again.</summary>
    MaintenanceFailed = 404,

    /// <summary>A call waited for a lock for a second or longer.</summary>
    LockWaited = 500,
}
