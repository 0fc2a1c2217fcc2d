namespace ArrowCid.Storage;

/// <summary>Something that a dead process left: what it is, which one, and the bytes that it took.</summary>
internal readonly record struct Reaped(ReapedItemKind Kind, string Name, long Bytes);
