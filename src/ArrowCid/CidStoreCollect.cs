namespace ArrowCid;

/// <summary>What may be collected.</summary>
public sealed class CollectOptions
{
    /// <summary>All that no root needs may go, not only what has expired.</summary>
    public bool Unreferenced { get; init; }

    /// <summary>What was put, or announced again, within this time stays. Null: an hour, so that who puts blocks and
    /// then names them has time to; what has expired goes however young.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>Of what no root needs only so much goes that the store's blocks take no more bytes than these: what
    /// was put last stays longest. What has expired goes in any case. Null: all that may go goes.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>What names stood for once is a root as well.</summary>
    public bool KeepHistory { get; init; }

    /// <summary>Only says what would go and what would stay; the store may be open for reading only.</summary>
    public bool DryRun { get; init; }
}

/// <summary>Why a block was collected.</summary>
public enum CollectReason
{
    /// <summary>It has expired, and all that needed it.</summary>
    Expired = 0,

    /// <summary>No root needs it.</summary>
    Unneeded = 1,

    /// <summary>No root needs it, and the store was to be smaller.</summary>
    OverBudget = 2,
}

/// <summary>A block that was collected.</summary>
/// <param name="Cid">Its CID.</param>
/// <param name="ByteLength">Its bytes; 0 of a view, which shows another block's.</param>
/// <param name="Reason">Why it goes.</param>
public readonly record struct CollectedBlock(Cid Cid, long ByteLength, CollectReason Reason);

/// <summary>What was collected, or would be.</summary>
/// <param name="Collected">The blocks that go, each before what it needs.</param>
/// <param name="Kept">On a dry run every other block, and why it stays; else empty.</param>
/// <param name="ByteLength">The bytes of the blocks that go; their room comes back with
/// <see cref="CidStore.Compact"/>.</param>
/// <param name="BytesKept">The bytes of the blocks that stay.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record CollectResult(IReadOnlyList<CollectedBlock> Collected, IReadOnlyList<KeptBlock> Kept,
    long ByteLength, long BytesKept, bool IsDryRun);

/// <summary>What came of a segment.</summary>
public enum CompactOutcome
{
    /// <summary>It went; what was alive of it is elsewhere.</summary>
    Freed = 0,

    /// <summary>So much of it is alive that it stays.</summary>
    Alive = 1,

    /// <summary>Somebody reads it; it goes another time.</summary>
    Held = 2,

    /// <summary>Something in it cannot be read, or is of a later version; <c>arrowcid log check</c> says
    /// what.</summary>
    Damaged = 3,

    /// <summary>There was no room for what is alive of it.</summary>
    NoRoom = 4,
}

/// <summary>A segment, and what came of it.</summary>
/// <param name="Name">Its file's name in the store's directory.</param>
/// <param name="Kind">What it holds: <c>data</c>, <c>facts</c>, or <c>large</c> (one large block).</param>
/// <param name="ByteLength">The file's bytes.</param>
/// <param name="BytesAlive">The bytes of it that were moved, or stay.</param>
/// <param name="Outcome">What came of it; on a dry run what would.</param>
public sealed record CompactedSegment(string Name, string Kind, long ByteLength, long BytesAlive,
    CompactOutcome Outcome);

/// <summary>What a compaction did, or would do.</summary>
/// <param name="Segments">The segments that are no longer written to, oldest first, those of facts last.</param>
/// <param name="IsDryRun">Whether nothing was done.</param>
public sealed record CompactResult(IReadOnlyList<CompactedSegment> Segments, bool IsDryRun)
{
    /// <summary>The bytes of the files that went.</summary>
    public long BytesFreed => Segments.Where(one => one.Outcome == CompactOutcome.Freed).Sum(one => one.ByteLength);

    /// <summary>The bytes that were copied.</summary>
    public long BytesMoved => Segments.Where(one => one.Outcome == CompactOutcome.Freed).Sum(one => one.BytesAlive);
}
