namespace ArrowCid.Registry;

/// <summary>What a block is.</summary>
public enum BlockKind
{
    /// <summary>Not known: the block is not here, and only facts speak of it.</summary>
    Unknown = 0,

    /// <summary>A record batch.</summary>
    Batch = 1,

    /// <summary>A schema.</summary>
    Schema = 2,

    /// <summary>Other bytes.</summary>
    Raw = 3,

    /// <summary>A range of another block.</summary>
    View = 4,
}
