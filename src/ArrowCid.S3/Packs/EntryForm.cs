namespace ArrowCid.S3;

/// <summary>What an index entry describes.</summary>
internal enum EntryForm : byte
{
    /// <summary>The block is an object of its own.</summary>
    Block = 1,

    /// <summary>The block is in a pack.</summary>
    Pack = 2,

    /// <summary>The copy in the object of this generation was dropped.</summary>
    Dropped = 3,
}
