namespace ArrowCid;

/// <summary>What was found when a block was proved again.</summary>
public readonly record struct VerifyResult
{
    /// <summary>The block's CID; the default one for a damaged place, where no block can be told.</summary>
    public required Cid Cid { get; init; }

    /// <summary>Where it lies, for people.</summary>
    public required string Location { get; init; }

    /// <summary>The bytes that were hashed; 0 where it failed.</summary>
    public required long ByteLength { get; init; }

    /// <summary>What is wrong: <see cref="ErrorCode.BlockCorrupt"/> or <see cref="ErrorCode.NotCanonical"/>; null where
    /// the block is what its CID says.</summary>
    public required ArrowCidException? Error { get; init; }

    /// <summary>Whether the block is what its CID says.</summary>
    public bool IsIntact => Error is null;
}
