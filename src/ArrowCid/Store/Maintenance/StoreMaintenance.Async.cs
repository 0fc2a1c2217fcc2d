using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>What may take long, on threads of the pool.</summary>
public sealed partial class StoreMaintenance
{
    /// <summary>Does what <see cref="Compact"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Compact"/>
    public Task<CompactResult> CompactAsync(double maxLiveRatio = 0.5, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Compact(maxLiveRatio, dryRun, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Checkpoint"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Checkpoint"/>
    public Task<bool> CheckpointAsync(CancellationToken cancellationToken = default) =>
        Task.Run(() => Checkpoint(cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Reap"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Reap"/>
    public Task<IReadOnlyList<ReapedItem>> ReapAsync(bool dryRun = false,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Reap(dryRun, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Repair"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Repair"/>
    public Task<RepairResult?> RepairAsync(Cid cid, BlockBackend source,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Repair(cid, source, cancellationToken), cancellationToken);

    /// <summary>Enumerates what <see cref="RepairAll"/> does, on threads of the pool, a few items ahead.</summary>
    /// <inheritdoc cref="RepairAll"/>
    public IAsyncEnumerable<RepairResult> RepairAllAsync(BlockBackend source,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => RepairAll(source, progress, end), cancellationToken: cancellationToken);

    /// <summary>Does what <see cref="Rebuild"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Rebuild"/>
    public static Task<long> RebuildAsync(string directory, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Rebuild(directory, progress, cancellationToken), cancellationToken);
}
