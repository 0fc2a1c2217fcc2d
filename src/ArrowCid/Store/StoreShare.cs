namespace ArrowCid;

/// <summary>Some of a store's blocks.</summary>
/// <param name="Key">What they have in common.</param>
/// <param name="Blocks">How many.</param>
/// <param name="Rows">Their rows.</param>
/// <param name="ByteLength">Their bytes.</param>
public sealed record StoreShare(string Key, long Blocks, long Rows, long ByteLength);
