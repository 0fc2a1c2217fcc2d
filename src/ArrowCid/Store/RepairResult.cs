namespace ArrowCid;

/// <summary>The result of the repair of one block.</summary>
/// <param name="Cid">The block's CID.</param>
/// <param name="Outcome">What was done.</param>
/// <param name="Location">File and offset of the copy that was looked at.</param>
/// <param name="ByteLength">The number of bytes that were written; 0 where nothing was repaired.</param>
/// <param name="Error">Why a damaged block is damaged still; else null.</param>
public readonly record struct RepairResult(Cid Cid, RepairOutcome Outcome, string Location, long ByteLength,
    ArrowCidException? Error);
