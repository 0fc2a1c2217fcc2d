namespace ArrowCid.Sync;

/// <summary>A set of an end at one moment.</summary>
/// <param name="Fence">The moment, as the text of a cursor; empty where there is none.</param>
/// <param name="Set">The set.</param>
/// <param name="IsTail">Whether the set is only what came since the cursor of the wish.</param>
internal sealed record SyncScope(string Fence, SyncSet Set, bool IsTail);
