namespace ArrowCid;

/// <summary>A block that was collected.</summary>
/// <param name="Cid">Its CID.</param>
/// <param name="ByteLength">Its bytes; 0 of a view, which shows another block's.</param>
/// <param name="Reason">Why it goes.</param>
public readonly record struct CollectedBlock(Cid Cid, long ByteLength, CollectReason Reason);
