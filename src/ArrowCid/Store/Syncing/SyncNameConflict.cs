namespace ArrowCid;

/// <summary>A name that both sides changed since they were in step.</summary>
/// <param name="Name">The name.</param>
/// <param name="Here">What it points to here; null where it was removed.</param>
/// <param name="There">What it points to on the other side; null where it was removed.</param>
public readonly record struct SyncNameConflict(string Name, Cid? Here, Cid? There);
