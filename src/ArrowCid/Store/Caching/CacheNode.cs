namespace ArrowCid;

/// <summary>A block in a queue of a cache policy.</summary>
/// <param name="key">The block.</param>
/// <param name="bytes">Its size.</param>
/// <param name="credit">The rounds that its cost buys.</param>
internal sealed class CacheNode(ulong key, long bytes, int credit)
{
    public ulong Key => key;

    public long Bytes => bytes;

    /// <summary>The rounds that its cost buys: 0 for what costs the mean or less per byte.</summary>
    public int Credit => credit;

    /// <summary>The rounds that it has left.</summary>
    public int Rounds { get; set; }

    /// <summary>Whether it is in the main queue without a read, to see whether one comes.</summary>
    public bool IsOnTrial { get; set; }

    /// <summary>The queue that holds it; null for none.</summary>
    public CacheQueue? Queue { get; set; }

    /// <summary>Its neighbor toward the head.</summary>
    public CacheNode? Newer { get; set; }

    /// <summary>Its neighbor toward the tail.</summary>
    public CacheNode? Older { get; set; }
}
