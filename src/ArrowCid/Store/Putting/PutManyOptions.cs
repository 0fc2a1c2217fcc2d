namespace ArrowCid;

/// <summary>How several blocks are put.</summary>
public sealed class PutManyOptions
{
    /// <summary>Whether the blocks become visible together or not at all: to every process at the same moment, also
    /// where this process is killed or the power is lost. If one of them cannot be put, none is.</summary>
    public bool AllOrNothing { get; init; }

    /// <summary>The metadata of each block; null for none. A name or pin is possible here. A name needs exactly one
    /// block.</summary>
    public PutOptions? Metadata { get; init; }
}
