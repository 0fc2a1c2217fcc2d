namespace ArrowCid;

/// <summary>How often a block was read.</summary>
public sealed record BlockHeat
{
    /// <summary>The block.</summary>
    public required Cid Cid { get; init; }

    /// <summary>Its bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>The number of reads by all processes, roughly: reads are sampled, and old counts may be
    /// lost.</summary>
    public required long Reads { get; init; }

    /// <summary>When it was last read, to the second; null where no read is known.</summary>
    public required DateTimeOffset? LastRead { get; init; }
}
