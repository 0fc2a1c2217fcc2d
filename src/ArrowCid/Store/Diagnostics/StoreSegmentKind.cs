namespace ArrowCid;

/// <summary>What a segment of a store holds.</summary>
public enum StoreSegmentKind
{
    /// <summary>Blocks.</summary>
    Data,

    /// <summary>Metadata: facts about blocks, names and pins.</summary>
    Facts,

    /// <summary>One large block.</summary>
    Large,
}
