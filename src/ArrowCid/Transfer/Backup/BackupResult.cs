namespace ArrowCid.Transfer.Backup;

/// <summary>What one increment took.</summary>
/// <param name="Root">The root of its CAR.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="At">The moment.</param>
/// <param name="Blocks">The blocks that the store had.</param>
/// <param name="NewBlocks">Those whose bytes are in this increment.</param>
/// <param name="NewFacts">The records of facts in it.</param>
/// <param name="Removed">The blocks of earlier increments that the store has no more.</param>
/// <param name="ByteLength">Its bytes.</param>
/// <param name="Faults">What could not be read in the store, in words. Of it the backup has only what an earlier
/// increment holds.</param>
public sealed record BackupResult(Cid Root, long Number, DateTimeOffset At, long Blocks, long NewBlocks, long NewFacts,
    long Removed, long ByteLength, IReadOnlyList<string> Faults);
