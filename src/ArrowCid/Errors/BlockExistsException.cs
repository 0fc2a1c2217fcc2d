namespace ArrowCid;

/// <summary>A put that must create its block found that the store has it. Nothing was written.</summary>
/// <param name="cid">The block.</param>
internal sealed class BlockExistsException(Cid cid) : ArrowCidException(ErrorCode.InvalidArgument,
    $"block {cid} is stored already, and the put must create it")
{
    /// <summary>The block.</summary>
    public Cid Cid { get; } = cid;
}
