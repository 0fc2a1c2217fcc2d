namespace ArrowCid;

/// <summary>
/// S3-FIFO (Yang and others, SOSP 2023) by bytes, with cost. A new block enters the small queue, a tenth of the cache.
/// At its end a block that was read, or whose cost is well above the mean, enters the main queue; others leave, and are
/// remembered as ghosts: one that is fetched again enters the main queue at once. At the end of the main queue a block
/// that has rounds left gives one for another pass. A read earns a round, and as many more as the block's cost per byte
/// is above the mean in powers of two.
/// </summary>
internal sealed class S3FifoPolicy(long capacity) : CachePolicy(capacity)
{
    // A tenth, as published.
    private const int SmallPart = 10;

    // Rounds by reads alone, as published: a counter of two bits.
    private const int MostReads = 3;

    // From this credit on a block enters the main queue without a read.
    private const int EnoughCredit = 2;

    private readonly CacheQueue _small = new(), _main = new();
    private readonly GhostList _ghosts = new();

    protected override void Added(CacheNode node)
    {
        node.Rounds = 0;
        (_ghosts.Remove(node.Key) ? _main : _small).Add(node);
    }

    protected override void Noted(CacheNode node) =>
        node.Rounds = Math.Min(node.Rounds + 1 + node.Credit, MostReads + node.Credit);

    protected override void Returned(CacheNode node) => _main.Add(node);

    protected override void Resized() => _ghosts.Trim(Capacity);

    protected override CacheNode? Evict()
    {
        while (true)
        {
            bool isSmall = _small.Bytes > Capacity / SmallPart || _main.Oldest is null;
            CacheNode? node = isSmall ? _small.Oldest : _main.Oldest;
            if (node is null) return null;
            if (isSmall && (node.Rounds > 0 || node.Credit >= EnoughCredit))
            {
                node.Rounds = node.Credit;
                _main.Add(node);
            }
            else if (!isSmall && node.Rounds > 0)
            {
                node.Rounds--;
                _main.Add(node);
            }
            else
            {
                node.Queue!.Remove(node);
                if (isSmall) _ghosts.Add(node.Key, node.Bytes, Capacity);
                return node;
            }
        }
    }
}
