namespace ArrowCid;

/// <summary>A block of a sync's report.</summary>
/// <param name="Cid">The block.</param>
/// <param name="ByteLength">Its bytes.</param>
/// <param name="Outcome">What is done with it.</param>
public readonly record struct SyncItem(Cid Cid, long ByteLength, SyncOutcome Outcome);
