using ArrowCid.Memory;

namespace ArrowCid.Registry;

/// <summary>A record of a block, or one that announces it again; news where nothing with its number was read before.
/// </summary>
internal readonly record struct FoundRecord(Digest256 Digest, int Lane, ulong Number, bool IsNew);
