namespace ArrowCid;

/// <summary>Something that a dead process left in a store.</summary>
public readonly record struct ReapedItem
{
    /// <summary>What it is.</summary>
    public required ReapedItemKind Kind { get; init; }

    /// <summary>Which one; of participants, how many.</summary>
    public required string Name { get; init; }

    /// <summary>The bytes that it took.</summary>
    public required long ByteLength { get; init; }
}
