namespace ArrowCid;

/// <summary>
/// S3-FIFO (Yang and others, SOSP 2023) by bytes, with cost. A new block enters the small queue, a tenth of the cache.
/// At its end a block that was read enters the main queue; others leave. A block that leaves either queue is remembered
/// as a ghost: if it is fetched again soon, it enters the main queue at once. At the end of the main queue a block that
/// has rounds left gives one for another pass. A read earns a round, and as many more as the block's cost per byte is
/// above the mean in powers of two.
/// </summary>
/// <remarks>A block whose cost is far above the mean enters the main queue without a read, on trial, as long as enough
/// of the blocks before it were read there: that is worth much where blocks come back late, and would waste the queue
/// on a scan.</remarks>
internal sealed class S3FifoPolicy(long capacity) : CachePolicy(capacity)
{
    // A tenth, as published.
    private const int SmallPart = 10;

    // Rounds by reads alone. Published are 3; with the rounds that cost buys, 2 follow a hot set that moves better.
    private const int MostReads = 2;

    // Ghosts know as many bytes as the cache has, and a quarter more.
    private const double GhostShare = 1.25;

    // From this credit on, eight times the mean, a block may enter the main queue on trial.
    private const int TrialCredit = 3;

    // Trials go on while this share of them succeeds; else one in 16 blocks is tried, to see whether that changed.
    private const double EnoughSuccess = 0.15;
    private const int TriedAnyway = 16;

    // The share of successes is a moving mean over this number of trials.
    private const int Trials = 64;

    private readonly CacheQueue _small = new(), _main = new();
    private readonly GhostList _ghosts = new();
    private double _success = 0.5;
    private int _refused;

    protected override void Added(CacheNode node)
    {
        bool isBack = _ghosts.Remove(node.Key);
        node.Rounds = isBack ? node.Credit : 0;
        (isBack ? _main : _small).Add(node);
    }

    protected override void Noted(CacheNode node)
    {
        if (node.IsOnTrial) EndTrial(node, 1);
        node.Rounds = Math.Min(node.Rounds + 1 + node.Credit, MostReads + node.Credit);
    }

    protected override void Returned(CacheNode node) => _main.Add(node);

    protected override void Resized() => _ghosts.Trim(GhostBytes);

    protected override CacheNode? Evict()
    {
        while (true)
        {
            bool isSmall = _small.Bytes > Capacity / SmallPart || _main.Oldest is null;
            CacheNode? node = isSmall ? _small.Oldest : _main.Oldest;
            if (node is null) return null;
            if (isSmall && node.Rounds > 0)
            {
                node.Rounds = node.Credit;
                _main.Add(node);
            }
            else if (isSmall && MayTry(node))
            {
                node.IsOnTrial = true;
                _main.Add(node);
            }
            else if (!isSmall && node.Rounds > 0)
            {
                node.Rounds--;
                _main.Add(node);
            }
            else
            {
                if (node.IsOnTrial) EndTrial(node, 0);
                node.Queue!.Remove(node);
                _ghosts.Add(node.Key, node.Bytes, GhostBytes);
                return node;
            }
        }
    }

    private long GhostBytes => (long)Math.Min(Capacity * GhostShare, long.MaxValue / 2);

    private bool MayTry(CacheNode node) =>
        node.Credit >= TrialCredit && (_success >= EnoughSuccess || ++_refused % TriedAnyway == 0);

    private void EndTrial(CacheNode node, double result)
    {
        node.IsOnTrial = false;
        _success += (result - _success) / Trials;
    }
}
