namespace ArrowCid;

/// <summary>What is recorded at a place, and what is to be copied there.</summary>
public sealed record PlaceUsage
{
    /// <summary>The number of blocks that are recorded there.</summary>
    public required long Blocks { get; init; }

    /// <summary>The number of bytes of these blocks, whatever their form there.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The number of blocks in the backlog: those that are stored here and are to be copied there
    /// (<see cref="BlockPlace.Write"/>).</summary>
    public required long BacklogBlocks { get; init; }

    /// <summary>The number of bytes of the blocks in the backlog.</summary>
    public required long BacklogByteLength { get; init; }
}
