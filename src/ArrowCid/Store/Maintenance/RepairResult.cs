namespace ArrowCid;

/// <summary>The result of the repair of one block.</summary>
public readonly record struct RepairResult
{
    /// <summary>The block's CID.</summary>
    public required Cid Cid { get; init; }

    /// <summary>What was done.</summary>
    public required RepairOutcome Outcome { get; init; }

    /// <summary>File and offset of the copy that was looked at.</summary>
    public required string Location { get; init; }

    /// <summary>The number of bytes that were written; 0 where nothing was repaired.</summary>
    public required long ByteLength { get; init; }

    /// <summary>Why a damaged block is damaged still; else null.</summary>
    public required ArrowCidException? Error { get; init; }
}
