namespace ArrowCid;

/// <summary>
/// Decides which blocks of a cache stay, by what is added and read, in memory alone: it knows nothing of a store. The
/// caller evicts while <see cref="Bytes"/> is over <see cref="Capacity"/>. For one thread.
/// </summary>
internal abstract class CachePolicy
{
    // One block that is added moves the mean cost by this share at most.
    private const double LeastShare = 1.0 / 4096;

    // A read of a block says how dear it would have been to fetch it: beyond that much more than the mean nothing is
    // gained, because a block would hardly ever leave.
    private const int MostCredit = 4;

    private readonly Dictionary<ulong, CacheNode> _nodes = [];
    private double _meanCost;
    private long _added;

    protected CachePolicy(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Capacity = capacity;
    }

    /// <summary>The bytes that may stay.</summary>
    public long Capacity { get; private set; }

    /// <summary>The bytes of all blocks.</summary>
    public long Bytes { get; private set; }

    /// <summary>The number of blocks.</summary>
    public int Count => _nodes.Count;

    /// <summary>Makes an empty one.</summary>
    public static CachePolicy Create(CachePolicyKind kind, long capacity) => kind switch
    {
        CachePolicyKind.S3Fifo => new S3FifoPolicy(capacity),
        CachePolicyKind.Arc => new ArcPolicy(capacity, withCost: true),
        CachePolicyKind.Lru => new LruPolicy(capacity),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such policy."),
    };

    /// <summary>Changes the bytes that may stay. Nothing is evicted by it.</summary>
    public void Resize(long capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Capacity = capacity;
        Resized();
    }

    /// <summary>Whether a block is in the cache.</summary>
    public bool Contains(ulong key) => _nodes.ContainsKey(key);

    /// <summary>Notes that a block was read.</summary>
    /// <returns>False where it is not in the cache.</returns>
    public bool Read(ulong key)
    {
        if (!_nodes.TryGetValue(key, out CacheNode? node)) return false;
        Noted(node);
        return true;
    }

    /// <summary>Adds a block that was fetched, unless it is there.</summary>
    /// <param name="key">The block.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="cost">The cost of fetching it again, in any unit that is the same for all blocks.</param>
    public void Add(ulong key, long bytes, double cost)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (_nodes.ContainsKey(key)) return;
        var node = new CacheNode(key, bytes, CreditOf(bytes, cost));
        Insert(node);
        Added(node);
    }

    /// <summary>Takes out the block that leaves next.</summary>
    /// <param name="key">The block.</param>
    /// <returns>False where the cache is empty.</returns>
    public bool TryEvict(out ulong key)
    {
        key = 0;
        if (Evict() is not { } node) return false;
        key = node.Key;
        Forget(node);
        return true;
    }

    /// <summary>Returns a block to the cache that was evicted and has to stay, behind all others.</summary>
    public void Return(ulong key, long bytes)
    {
        if (_nodes.ContainsKey(key)) return;
        var node = new CacheNode(key, bytes, credit: 0);
        Insert(node);
        Returned(node);
    }

    /// <summary>Forgets a block that is gone.</summary>
    public void Remove(ulong key)
    {
        if (!_nodes.TryGetValue(key, out CacheNode? node)) return;
        node.Queue!.Remove(node);
        Forget(node);
    }

    /// <summary>A block is new, and in no queue yet.</summary>
    protected abstract void Added(CacheNode node);

    /// <summary>A block was read.</summary>
    protected abstract void Noted(CacheNode node);

    /// <summary>An evicted block stays, and is in no queue.</summary>
    protected abstract void Returned(CacheNode node);

    /// <summary>Takes a block out of its queue.</summary>
    /// <returns>Null where there is none.</returns>
    protected abstract CacheNode? Evict();

    /// <summary>The capacity is another one.</summary>
    protected virtual void Resized()
    {
    }

    private void Insert(CacheNode node)
    {
        _nodes.Add(node.Key, node);
        Bytes += node.Bytes;
    }

    private void Forget(CacheNode node)
    {
        _ = _nodes.Remove(node.Key);
        Bytes -= node.Bytes;
    }

    /// <summary>How often the cost per byte can be halved until it is the mean.</summary>
    private int CreditOf(long bytes, double cost)
    {
        double perByte = cost / Math.Max(bytes, 1);
        if (!double.IsFinite(perByte) || perByte <= 0) return 0;
        _added++;
        _meanCost += (perByte - _meanCost) * Math.Max(1.0 / _added, LeastShare);
        return (int)Math.Clamp(Math.Round(Math.Log2(perByte / _meanCost)), 0, MostCredit);
    }
}
