using System.Diagnostics;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Collection of unneeded blocks, and compaction.</summary>
public sealed partial class CidStore
{
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);

    // Others unmap what they do not use within a tick or two; who reads facts keeps them for a second.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Drops blocks that are no longer needed, beside producers and readers at work. By default what has expired
    /// (<see cref="BlockMetadata.Expires"/>), and the schemas of that; on request all that no root needs. Roots are
    /// names, pins, holds, blocks that have not expired yet, and blocks put or announced a short time ago. What a root
    /// needs stays: schemas, the links of a dataset or other dag-cbor block, the block that a view shows. If such a
    /// block is damaged and stays, or records cannot be read, everything stays that it may need. Blocks that are put
    /// meanwhile stay; apart from those, a second call does nothing more. <see cref="Compact"/> frees the space.
    /// </summary>
    /// <param name="options">What may go; by default what has expired.</param>
    /// <returns>What goes and why; on a dry run also what stays, and why.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning up;
    /// <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    public CollectResult Collect(CollectOptions? options = null)
    {
        options ??= new CollectOptions();
        CollectionRules rules = RulesOf(options);
        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.collect");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, Directory);
        long started = Stopwatch.GetTimestamp();
        var seen = new BlockCollection();
        List<CollectedNode> gone = [.. _registry.Collect(rules, options.DryRun, seen).SelectMany(step => step)];
        if (!options.DryRun)
            _blocks.Reporter.Collected(gone.Count, gone.Sum(node => node.Bytes), Stopwatch.GetElapsedTime(started));
        IReadOnlyCollection<CollectedNode> all = seen.Nodes;
        return new CollectResult(
            [.. gone.Select(node => new CollectedBlock(node.Cid, node.Bytes, ReasonOf(rules.ReasonOf(node))))],
            options.DryRun
                ? [.. all.Where(node => node.Reasons.Count > 0).Select(node => new KeptBlock(node.Cid, node.Reasons))]
                : [],
            gone.Sum(node => node.Bytes), all.Sum(node => node.Bytes) - gone.Sum(node => node.Bytes),
            options.DryRun);
    }

    /// <summary>As <see cref="Collect"/>, in steps: an element each, with the blocks and bytes that went.</summary>
    internal IEnumerable<(int Blocks, long Bytes)> CollectInSteps(CollectOptions options, CancellationToken cancel) =>
        _registry.Collect(RulesOf(options), options.DryRun, new BlockCollection(), sizes: null, cancel)
            .Select(step => (step.Count, step.Sum(node => node.Bytes)));

    private CollectionRules RulesOf(CollectOptions options)
    {
        if (options.MaxBytes is < 0)
            throw new ArgumentOutOfRangeException(nameof(options), "A store has 0 bytes or more.");
        if (_blocks.IsRing)
        {
            throw new ArrowCidException(ErrorCode.Unsupported,
                $"{Directory} is a ring: its oldest blocks go by themselves");
        }

        DateTimeOffset now = Clock.GetUtcNow();
        TimeSpan age = options.OlderThan ?? s_grace;
        return new CollectionRules(options.Unreferenced || options.MaxBytes is not null,
            age < now - DateTimeOffset.UnixEpoch ? now - age : DateTimeOffset.UnixEpoch, options.OlderThan is not null,
            options.MaxBytes, options.KeepHistory, now);
    }

    /// <summary>
    /// Frees the space of dropped blocks and superseded facts: live records of a segment are copied elsewhere, and its
    /// file is deleted. Blocks are found throughout, blocks in use stay until they are released, and nothing is
    /// announced again; a cursor into a deleted segment is a gap. A segment that is still written to is compacted as
    /// well, unless another process writes to it: a new one of 1 MiB takes its place.
    /// </summary>
    /// <param name="mostAlive">The share of a segment, from 0 to 1, that may be alive for it to go.</param>
    /// <param name="dryRun">Only says what would be done; the store may be open for reading only.</param>
    /// <returns>The result for each segment that was examined.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share is not from 0 to 1.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning
    /// up.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    public CompactResult Compact(double mostAlive = 0.5, bool dryRun = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mostAlive);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mostAlive, 1);
        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.compact");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, Directory);
        ReclaimReport report = _blocks.Reclaim(mostAlive, dryRun, s_patience);
        return new CompactResult([.. report.Segments.Select(one => new CompactedSegment(one.Name, KindName(one.Kind),
            one.Bytes, one.LiveBytes, OutcomeOf(one.Outcome)))], dryRun)
        {
            BytesBegun = report.BytesBegun,
        };
    }

    private static CollectReason ReasonOf(RemovalReason reason) => reason switch
    {
        RemovalReason.Expired => CollectReason.Expired,
        RemovalReason.OverBudget => CollectReason.OverBudget,
        _ => CollectReason.Unneeded,
    };

    private static CompactOutcome OutcomeOf(ReclaimOutcome outcome) => outcome switch
    {
        ReclaimOutcome.Freed => CompactOutcome.Freed,
        ReclaimOutcome.Held => CompactOutcome.Held,
        ReclaimOutcome.Damaged => CompactOutcome.Damaged,
        ReclaimOutcome.NoRoom => CompactOutcome.NoRoom,
        _ => CompactOutcome.Alive,
    };
}
