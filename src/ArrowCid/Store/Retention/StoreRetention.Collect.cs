using System.Diagnostics;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Pins, removal, collection and forgetting of old versions.</summary>
public sealed partial class StoreRetention
{
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);

    /// <summary>
    /// Drops blocks that are no longer needed, beside producers and readers at work. By default what has expired
    /// (<see cref="BlockMetadata.Expires"/>), and the schemas of that; on request all that no root needs. Roots are
    /// names, pins, holds, blocks that have not expired yet, and blocks put or announced a short time ago. What a root
    /// needs stays: schemas, the links of a dataset or other dag-cbor block, the block that a view shows. If such a
    /// block is damaged and stays, or records cannot be read, everything stays that it may need. Blocks that are put
    /// meanwhile stay; apart from those, a second call does nothing more. <see cref="StoreMaintenance.Compact"/> frees
    /// the space.
    /// </summary>
    /// <param name="options">What may go; by default what has expired.</param>
    /// <param name="progress">Gets the number of blocks that were looked at or dropped so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were dropped before stay so, each before the
    /// blocks that it needs.</param>
    /// <returns>What goes and why; on a dry run also what stays, and why.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning up;
    /// <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CollectResult Collect(CollectOptions? options = null, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new CollectOptions();
        CollectionRules rules = RulesOf(options);
        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.collect");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, _store.Directory);
        long started = Stopwatch.GetTimestamp();
        var seen = new BlockCollection();
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        var gone = new List<CollectedNode>();
        BlockCollector collector = _store.Registry.Collector;
        foreach (IReadOnlyList<CollectedNode> step in collector.Collect(rules, options.DryRun, seen, sizes: null,
            cancellationToken))
        {
            gone.AddRange(step);
            operation.Reach(seen.Nodes.Count + gone.Count);
        }

        operation.Finish();
        if (!options.DryRun)
            _store.Blocks.Reporter.Collected(gone.Count, gone.Sum(node => node.Bytes),
                Stopwatch.GetElapsedTime(started));
        IReadOnlyCollection<CollectedNode> all = seen.Nodes;
        return new CollectResult
        {
            Collected = [.. gone.Select(node => new CollectedBlock
                {
                    Cid = node.Cid,
                    ByteLength = node.Bytes,
                    Reason = ReasonOf(rules.ReasonOf(node)),
                })],
            Kept = options.DryRun
                    ? [.. all.Where(node => node.Reasons.Count > 0).Select(node => new KeptBlock
                    {
                        Cid = node.Cid,
                        Reasons = node.Reasons,
                    })]
                    : [],
            ByteLength = gone.Sum(node => node.Bytes),
            BytesKept = all.Sum(node => node.Bytes) - gone.Sum(node => node.Bytes),
            IsDryRun = options.DryRun,
        };
    }

    /// <summary>As <see cref="Collect"/>, in steps: an element each, with the blocks and bytes that went.</summary>
    internal IEnumerable<(int Blocks, long Bytes)> CollectInSteps(CollectOptions options, CancellationToken cancel) =>
        _store.Registry.Collector.Collect(RulesOf(options), options.DryRun, new BlockCollection(), sizes: null, cancel)
            .Select(step => (step.Count, step.Sum(node => node.Bytes)));

    private CollectionRules RulesOf(CollectOptions options)
    {
        if (options.MaxBytes is < 0)
            throw new ArgumentOutOfRangeException(nameof(options), "A store has 0 bytes or more.");
        if (_store.Blocks.IsRing)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"{_store.Directory} is a ring: its oldest blocks go by themselves");
        }

        DateTimeOffset now = _store.Clock.GetUtcNow();
        TimeSpan age = options.OlderThan ?? s_grace;
        return new CollectionRules(options.Unreferenced || options.MaxBytes is not null,
            age < now - DateTimeOffset.UnixEpoch ? now - age : DateTimeOffset.UnixEpoch, options.OlderThan is not null,
            options.MaxBytes, options.KeepHistory, now);
    }

    private static CollectReason ReasonOf(RemovalReason reason) => reason switch
    {
        RemovalReason.Expired => CollectReason.Expired,
        RemovalReason.OverBudget => CollectReason.OverBudget,
        _ => CollectReason.Unneeded,
    };
}
