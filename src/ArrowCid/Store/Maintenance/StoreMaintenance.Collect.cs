using System.Diagnostics;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Compaction, repair, checkpoints and the maintenance policy.</summary>
public sealed partial class StoreMaintenance
{
    // Others unmap what they do not use within a tick or two; who reads facts keeps them for a second.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Frees the space of dropped blocks and superseded facts: live records of a segment are copied elsewhere, and its
    /// file is deleted. Blocks are found throughout, blocks in use stay until they are released, and nothing is
    /// announced again; a cursor into a deleted segment is a gap. A segment that is still written to is compacted as
    /// well, unless another process writes to it: a new one of 1 MiB takes its place.
    /// </summary>
    /// <param name="maxLiveRatio">The share of a segment, from 0 to 1, that may be alive for it to go.</param>
    /// <param name="dryRun">Only says what would be done; the store may be open for reading only.</param>
    /// <param name="progress">Gets the number of segments that were examined so far.</param>
    /// <param name="cancellationToken">Cancels the call at the next block. Segments that were freed before stay so, and
    /// blocks that were copied are found at one place or the other.</param>
    /// <returns>The result for each segment that was examined.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The share is not from 0 to 1.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning
    /// up.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and this is no dry
    /// run.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public CompactResult Compact(double maxLiveRatio = 0.5, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLiveRatio);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxLiveRatio, 1);
        using Activity? activity = StoreMeter.Activities.StartActivity("arrowcid.store.compact");
        _ = activity?.SetTag(StoreMeter.DirectoryTag, _store.Directory);
        var operation = new Operation(ProgressUnit.Segments, progress, cancellationToken);
        ReclaimReport report = _store.Blocks.Space.Reclaim(maxLiveRatio, dryRun, s_patience, operation);
        operation.Finish();
        return new CompactResult
        {
            Segments = [.. report.Segments.Select(one => new CompactedSegment
            {
                Name = one.Name,
                Kind = StoreDiagnostics.KindOf(one.Kind),
                ByteLength = one.Bytes,
                BytesAlive = one.LiveBytes,
                Outcome = OutcomeOf(one.Outcome),
            })],
            IsDryRun = dryRun,
            BytesBegun = report.BytesBegun,
        };
    }

    private static CompactOutcome OutcomeOf(ReclaimOutcome outcome) => outcome switch
    {
        ReclaimOutcome.Freed => CompactOutcome.Freed,
        ReclaimOutcome.Held => CompactOutcome.Held,
        ReclaimOutcome.Damaged => CompactOutcome.Damaged,
        ReclaimOutcome.NoRoom => CompactOutcome.NoRoom,
        _ => CompactOutcome.Alive,
    };
}
