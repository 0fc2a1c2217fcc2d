namespace ArrowCid.Storage;

/// <summary>A record that is not to go with its segment; as a REF where only that it was announced counts.</summary>
internal readonly record struct Survivor(long Offset, bool AsReference);
