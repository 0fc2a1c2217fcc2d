namespace ArrowCid;

/// <summary>What a block has to do with others.</summary>
public sealed record BlockLinks
{
    /// <summary>The block.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The CID of its schema; null where the block is not here or has none.</summary>
    public required Cid? Schema { get; init; }

    /// <summary>The blocks that it was made of, as was said.</summary>
    public required IReadOnlyList<Cid> Parents { get; init; }

    /// <summary>The blocks derived from it, according to their metadata; sorted.</summary>
    public required IReadOnlyList<Cid> Children { get; init; }

    /// <summary>The names that point to it, sorted.</summary>
    public required IReadOnlyList<string> Names { get; init; }
}
