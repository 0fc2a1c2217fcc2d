namespace ArrowCid;

/// <summary>Some of a store's blocks.</summary>
public sealed record StoreShare
{
    /// <summary>What they have in common.</summary>
    public required string Key { get; init; }

    /// <summary>How many.</summary>
    public required long Blocks { get; init; }

    /// <summary>Their rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Their bytes.</summary>
    public required long ByteLength { get; init; }
}
