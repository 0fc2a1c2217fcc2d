namespace ArrowCid;

/// <summary>Options of a collection.</summary>
public sealed class CollectOptions
{
    /// <summary>All that no root needs may go, not only what has expired.</summary>
    public bool Unreferenced { get; init; }

    /// <summary>What was put, or announced again, within this time stays. Null: an hour, so that who puts blocks and
    /// then names them has time to; what has expired goes however young.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>The bytes that the store's blocks may take. Of the blocks that no root needs, the oldest are
    /// deleted until the rest fits. Expired blocks are deleted in any case. Null: all that may go is deleted.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Whether blocks that names pointed to earlier are roots as well.</summary>
    public bool KeepHistory { get; init; }

    /// <summary>Only says what would go and what would stay; the store may be open for reading only.</summary>
    public bool DryRun { get; init; }
}
