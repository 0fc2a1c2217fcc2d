namespace ArrowCid;

/// <summary>The policy that chooses which blocks leave a cache.</summary>
public enum CachePolicyKind
{
    /// <summary>S3-FIFO: blocks pass through a small queue, and those that are read there, or that are expensive to
    /// fetch, into a large one. Rounds in the large queue are earned by reads and by cost.</summary>
    S3Fifo = 0,

    /// <summary>ARC (adaptive replacement cache), by bytes: blocks that were read once and blocks that were read
    /// again share the cache in a proportion that adapts. Expensive blocks get further rounds.</summary>
    Arc = 1,

    /// <summary>LRU: the block that was read longest ago leaves. Cost does not count.</summary>
    Lru = 2,
}
