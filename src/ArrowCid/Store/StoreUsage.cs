namespace ArrowCid;

/// <summary>The space that one owner's blocks take.</summary>
/// <param name="Key">The owner; null for what belongs to none.</param>
/// <param name="Blocks">Its blocks, with all beneath them.</param>
/// <param name="ByteLength">Their bytes.</param>
/// <param name="SharedBytes">Of those, the bytes of blocks that belong to another owner too.</param>
/// <param name="FreedBytes">The bytes that would be freed with the owner: those of no other owner, kept by no pin and,
/// unless the owners are names, by no name.</param>
public sealed record StoreUsage(string? Key, long Blocks, long ByteLength, long SharedBytes, long FreedBytes);
