namespace ArrowCid.Storage;

/// <summary>What a record of a segment is. Numbers are part of the format.</summary>
internal enum RecordKind : ushort
{
    None = 0,

    /// <summary>A canonical block: an Arrow batch.</summary>
    Batch = 1,

    /// <summary>A canonical schema.</summary>
    Schema = 2,

    /// <summary>Any other bytes.</summary>
    Raw = 3,

    /// <summary>A range of another block, as a block; header only.</summary>
    View = 4,

    /// <summary>A block that was put again; header only.</summary>
    Ref = 5,

    /// <summary>Facts about blocks; only in segments of facts.</summary>
    Fact = 6,

    /// <summary>Space that nothing became of.</summary>
    Pad = 7,
}
