namespace ArrowCid.Transfer.Backup;

/// <summary>One increment of a backup: what a store had at a moment beyond the increments before.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Root">The root of its CAR, which the next one names.</param>
/// <param name="Store">The store.</param>
/// <param name="At">The moment.</param>
/// <param name="Blocks">The blocks that were alive then, those of earlier increments among them.</param>
/// <param name="ByteLength">The bytes of its CAR.</param>
public sealed record BackupIncrement(long Number, Cid Root, Guid Store, DateTimeOffset At, long Blocks,
    long ByteLength);
