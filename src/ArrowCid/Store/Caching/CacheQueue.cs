namespace ArrowCid;

/// <summary>A queue of blocks with the sum of their bytes: added at the head, taken at the tail, removed
/// anywhere.</summary>
internal sealed class CacheQueue
{
    private CacheNode? _head, _tail;

    /// <summary>The bytes of all its blocks.</summary>
    public long Bytes { get; private set; }

    /// <summary>The oldest block; null where it is empty.</summary>
    public CacheNode? Oldest => _tail;

    /// <summary>Adds a block at the head. It is taken out of the queue that it was in.</summary>
    public void Add(CacheNode node)
    {
        node.Queue?.Remove(node);
        (node.Queue, node.Older, node.Newer) = (this, _head, null);
        if (_head is { } newest) newest.Newer = node;
        else _tail = node;
        _head = node;
        Bytes += node.Bytes;
    }

    /// <summary>Takes a block out.</summary>
    public void Remove(CacheNode node)
    {
        if (node.Newer is { } newer) newer.Older = node.Older;
        else _head = node.Older;
        if (node.Older is { } older) older.Newer = node.Newer;
        else _tail = node.Newer;
        (node.Queue, node.Older, node.Newer) = (null, null, null);
        Bytes -= node.Bytes;
    }
}
