namespace ArrowCid.Sync;

/// <summary>What an end knows of a block.</summary>
/// <param name="LastPut">When it was last put, in ns since 1970; 0: it is not here.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Kind">What it is, as in <see cref="Registry.BlockKind"/>.</param>
/// <param name="Codec">Its codec.</param>
internal readonly record struct SyncDescription(ulong LastPut, long Length, int Kind, ulong Codec);
