namespace ArrowCid;

/// <summary>What was found when a block was proved again.</summary>
/// <param name="Cid">The block's CID; the default one for a damaged place, where no block can be told.</param>
/// <param name="Location">Where it lies, for people.</param>
/// <param name="ByteLength">The bytes that were hashed; 0 where it failed.</param>
/// <param name="Error">What is wrong: <see cref="ErrorCode.BlockCorrupt"/> or <see cref="ErrorCode.NotCanonical"/>;
/// null where the block is what its CID says.</param>
public readonly record struct VerifyResult(Cid Cid, string Location, long ByteLength, ArrowCidException? Error)
{
    /// <summary>Whether the block is what its CID says.</summary>
    public bool IsIntact => Error is null;
}
