namespace ArrowCid;

/// <summary>
/// S3-FIFO (Yang and others, SOSP 2023) by bytes, with cost. A new block enters the small queue. At its end a block
/// that was read enters the main queue; others leave. A block that leaves either queue is remembered as a ghost: if it
/// is fetched again soon, it enters the main queue at once. At the end of the main queue a block that has rounds left
/// gives one for another pass. A read earns a round, and as many more as the block's cost per byte is above the mean in
/// powers of two.
/// </summary>
/// <remarks><para>The small queue begins with a tenth of the cache, as published. Ghosts that come back show which of
/// the queues was too small, as in ARC, and its share adapts.</para>
/// <para>A block whose cost is far above the mean enters the main queue without a read, on trial, as long as enough
/// of the blocks before it were read there: that is worth much where blocks come back late, and would waste the queue
/// on a scan.</para></remarks>
internal sealed class S3FifoPolicy(long capacity) : CachePolicy(capacity)
{
    // The parts of the cache that the small queue has: at first, at least and at most.
    private const double FirstShare = 0.1, LeastShare = 0.03, MostShare = 0.3;

    // A block that comes back moves the share by this part of its size, and more if there are fewer ghosts like it.
    private const double Adaption = 0.1;

    // Rounds by reads alone. Published are 3; with the rounds that cost buys, 2 follow a hot set that moves better.
    private const int MostReads = 2;

    // The bytes that ghosts of each queue know, as a part of the cache.
    private const double SmallGhosts = 1.2, MainGhosts = 0.75;

    // From this credit on, eight times the mean, cost buys one round more than the credit.
    private const int ExtraCredit = 3;

    // From this credit on, eight times the mean, a block may enter the main queue on trial.
    private const int TrialCredit = 3;

    // Trials go on while this share of them succeeds; else one in 16 blocks is tried, to see whether that changed.
    private const double EnoughSuccess = 0.15;
    private const int TriedAnyway = 16;

    // The share of successes is a moving mean over this number of trials.
    private const int Trials = 64;

    private readonly CacheQueue _small = new(), _main = new();
    private readonly GhostList _smallGhosts = new(), _mainGhosts = new();
    private double _share = FirstShare;
    private double _success = 0.5;
    private int _refused;

    protected override void Added(CacheNode node)
    {
        bool wasSmall = _smallGhosts.Remove(node.Key), isBack = wasSmall || _mainGhosts.Remove(node.Key);
        if (isBack) Adapt(node, wasSmall);
        node.Rounds = isBack ? Bought(node) : 0;
        (isBack ? _main : _small).Add(node);
    }

    protected override void Noted(CacheNode node)
    {
        if (node.IsOnTrial) EndTrial(node, 1);
        node.Rounds = Math.Min(node.Rounds + 1 + node.Credit, MostReads + Bought(node));
    }

    protected override void Returned(CacheNode node) => _main.Add(node);

    protected override void Resized()
    {
        _smallGhosts.Trim(BytesOf(SmallGhosts));
        _mainGhosts.Trim(BytesOf(MainGhosts));
    }

    protected override CacheNode? Evict()
    {
        while (true)
        {
            bool isSmall = _small.Bytes > BytesOf(_share) || _main.Oldest is null;
            CacheNode? node = isSmall ? _small.Oldest : _main.Oldest;
            if (node is null) return null;
            if (isSmall && node.Rounds > 0)
            {
                node.Rounds = Bought(node);
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
                if (isSmall) _smallGhosts.Add(node.Key, node.Bytes, BytesOf(SmallGhosts));
                else _mainGhosts.Add(node.Key, node.Bytes, BytesOf(MainGhosts));
                return node;
            }
        }
    }

    /// <summary>The rounds that a block's cost buys when it enters the main queue.</summary>
    private static int Bought(CacheNode node) => node.Credit >= ExtraCredit ? node.Credit + 1 : node.Credit;

    private long BytesOf(double share) => (long)Math.Min(Capacity * share, long.MaxValue / 2);

    private void Adapt(CacheNode node, bool wasSmall)
    {
        double small = Math.Max(_smallGhosts.Bytes, 1), main = Math.Max(_mainGhosts.Bytes, 1);
        double step = wasSmall ? Math.Max(main / small, 1) : -Math.Max(small / main, 1);
        double change = Adaption * step * node.Bytes / Math.Max(Capacity, 1);
        _share = Math.Clamp(_share + change, LeastShare, MostShare);
    }

    private bool MayTry(CacheNode node) =>
        node.Credit >= TrialCredit && (_success >= EnoughSuccess || ++_refused % TriedAnyway == 0);

    private void EndTrial(CacheNode node, double result)
    {
        node.IsOnTrial = false;
        _success += (result - _success) / Trials;
    }
}
