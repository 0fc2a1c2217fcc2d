namespace ArrowCid;

/// <summary>One thing that a handle of a store did or found besides what its caller asked for: a recovery, a repair, a
/// compaction.</summary>
public sealed record StoreNotification
{
    /// <summary>What it reports.</summary>
    public required StoreNotificationKind Kind { get; init; }

    /// <summary>The store's directory.</summary>
    public required string Directory { get; init; }

    /// <summary>When it ended, by the handle's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What it is about: a segment, a place in one, a writer's log, a task or a lock; empty where it is the
    /// whole store.</summary>
    public required string Subject { get; init; }

    /// <summary>The block that it is about, or null.</summary>
    public Cid? Block { get; init; }

    /// <summary>The number of blocks, segments or items; 0 where nothing is counted.</summary>
    public long Count { get; init; }

    /// <summary>The number of bytes freed, deleted, written or damaged; 0 where none are.</summary>
    public long ByteLength { get; init; }

    /// <summary>How long it took; zero where that is not measured.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Failure { get; init; }
}
