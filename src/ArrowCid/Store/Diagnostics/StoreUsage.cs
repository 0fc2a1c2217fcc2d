namespace ArrowCid;

/// <summary>The space that one owner's blocks take.</summary>
public sealed record StoreUsage
{
    /// <summary>The owner; null for what belongs to none.</summary>
    public required string? Key { get; init; }

    /// <summary>Its blocks, with all beneath them.</summary>
    public required long Blocks { get; init; }

    /// <summary>Their bytes.</summary>
    public required long ByteLength { get; init; }

    /// <summary>Of those, the bytes of blocks that belong to another owner too.</summary>
    public required long SharedBytes { get; init; }

    /// <summary>The bytes that would be freed with the owner: those of no other owner, kept by no pin and, unless the
    /// owners are names, by no name.</summary>
    public required long FreedBytes { get; init; }
}
