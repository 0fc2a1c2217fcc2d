namespace ArrowCid.Registry;

/// <summary>A line of the log of removals.</summary>
public sealed record RemovalEntry
{
    /// <summary>The block; it may have been put again since.</summary>
    public required Cid Cid { get; init; }

    /// <summary>Its bytes; 0 of a view, which showed another block's.</summary>
    public required long ByteLength { get; init; }

    /// <summary>When it was removed.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Why.</summary>
    public required RemovalReason Reason { get; init; }

    /// <summary>The policy by which it went; empty where it has no name.</summary>
    public required string Rule { get; init; }

    /// <summary>The program that removed it, and its process id then.</summary>
    public required string By { get; init; }
}
