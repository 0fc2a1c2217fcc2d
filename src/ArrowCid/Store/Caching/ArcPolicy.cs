namespace ArrowCid;

/// <summary>
/// ARC (Megiddo and Modha, FAST 2003) by bytes: blocks that were read once (T1) and blocks that were read again (T2)
/// share the cache. Two lists of ghosts (B1, B2) tell which of the two was made too small. With cost, a block whose
/// cost per byte is above the mean passes its list again, as often as that is in powers of two.
/// </summary>
internal sealed class ArcPolicy(long capacity, bool withCost) : CachePolicy(capacity)
{
    private readonly CacheQueue _once = new(), _again = new();
    private readonly GhostList _ghostsOnce = new(), _ghostsAgain = new();

    // The bytes that blocks that were read once may take.
    private double _share;

    protected override void Added(CacheNode node)
    {
        if (withCost) node.Rounds = node.Credit;
        double once = Math.Max(_ghostsOnce.Bytes, 1), again = Math.Max(_ghostsAgain.Bytes, 1);
        if (_ghostsOnce.Remove(node.Key))
        {
            _share = Math.Min(Capacity, _share + (Math.Max(again / once, 1) * node.Bytes));
            _again.Add(node);
        }
        else if (_ghostsAgain.Remove(node.Key))
        {
            _share = Math.Max(0, _share - (Math.Max(once / again, 1) * node.Bytes));
            _again.Add(node);
        }
        else
        {
            _once.Add(node);
        }
    }

    protected override void Noted(CacheNode node)
    {
        if (withCost) node.Rounds = node.Credit;
        _again.Add(node);
    }

    protected override void Returned(CacheNode node) => _again.Add(node);

    protected override void Resized()
    {
        _share = Math.Min(_share, Capacity);
        _ghostsOnce.Trim(Capacity);
        _ghostsAgain.Trim(Capacity);
    }

    protected override CacheNode? Evict()
    {
        while (true)
        {
            bool isOnce = _once.Oldest is not null && (_once.Bytes > _share || _again.Oldest is null);
            if ((isOnce ? _once.Oldest : _again.Oldest) is not { } node) return null;
            if (node.Rounds > 0)
            {
                node.Rounds--;
                node.Queue!.Add(node);
                continue;
            }

            node.Queue!.Remove(node);
            // T1 and B1 together, and both lists of ghosts together, know as many bytes as the cache has.
            if (isOnce) _ghostsOnce.Add(node.Key, node.Bytes, Math.Max(0, Capacity - _once.Bytes));
            else _ghostsAgain.Add(node.Key, node.Bytes, Math.Max(0, Capacity - _ghostsOnce.Bytes));
            return node;
        }
    }
}
