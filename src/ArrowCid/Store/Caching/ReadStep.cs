namespace ArrowCid;

/// <summary>What a fetch tells about those that follow.</summary>
/// <param name="IsScan">Whether it is one of a scan of more than the cache holds, which is not kept.</param>
/// <param name="Ahead">The batches that will be read next; null for none.</param>
internal readonly record struct ReadStep(bool IsScan, IReadOnlyList<Cid>? Ahead);
