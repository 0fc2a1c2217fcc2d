namespace ArrowCid;

/// <summary>A block that was collected.</summary>
public readonly record struct CollectedBlock
{
    /// <summary>Its CID.</summary>
    public required Cid Cid { get; init; }

    /// <summary>Its bytes; 0 of a view, which shows another block's.</summary>
    public required long ByteLength { get; init; }

    /// <summary>Why it goes.</summary>
    public required CollectReason Reason { get; init; }
}
