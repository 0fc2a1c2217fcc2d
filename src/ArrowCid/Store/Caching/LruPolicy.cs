namespace ArrowCid;

/// <summary>LRU: what was read longest ago leaves.</summary>
internal sealed class LruPolicy(long capacity) : CachePolicy(capacity)
{
    private readonly CacheQueue _queue = new();

    protected override void Added(CacheNode node) => _queue.Add(node);

    protected override void Noted(CacheNode node) => _queue.Add(node);

    protected override void Returned(CacheNode node) => _queue.Add(node);

    protected override CacheNode? Evict()
    {
        CacheNode? oldest = _queue.Oldest;
        if (oldest is not null) _queue.Remove(oldest);
        return oldest;
    }
}
