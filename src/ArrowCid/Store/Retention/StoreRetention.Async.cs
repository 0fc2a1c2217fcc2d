using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>What may take long, on a thread of the pool.</summary>
public sealed partial class StoreRetention
{
    /// <summary>Does what <see cref="Collect"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Collect"/>
    public Task<CollectResult> CollectAsync(CollectOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Collect(options, progress, cancellationToken), cancellationToken);

    /// <summary>Does what the synchronous form does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Forget(IReadOnlyCollection{string}, ForgetPolicy, bool, CancellationToken)"/>
    public Task<ForgetResult> ForgetAsync(IReadOnlyCollection<string> names, ForgetPolicy policy, bool dryRun = false,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Forget(names, policy, dryRun, cancellationToken), cancellationToken);

    /// <summary>Does what the synchronous form does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Forget(Filter, IReadOnlyList{string}, ForgetPolicy, bool, CancellationToken)"/>
    public Task<ForgetResult> ForgetAsync(Filter filter, IReadOnlyList<string> groupBy, ForgetPolicy policy,
        bool dryRun = false, CancellationToken cancellationToken = default) =>
        Task.Run(() => Forget(filter, groupBy, policy, dryRun, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Remove"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Remove"/>
    public Task<RemoveResult> RemoveAsync(IReadOnlyCollection<Cid> cids, bool dryRun = false, bool force = false,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Remove(cids, dryRun, force, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="RemoveExpired"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="RemoveExpired"/>
    public Task<RemoveResult> RemoveExpiredAsync(bool dryRun = false,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => RemoveExpired(dryRun, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="RemoveWhere"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="RemoveWhere"/>
    public Task<RemoveResult> RemoveWhereAsync(Filter filter, bool dryRun = false,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => RemoveWhere(filter, dryRun, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="GetRemovals"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="GetRemovals"/>
    public Task<IReadOnlyList<RemovalEntry>> GetRemovalsAsync(CancellationToken cancellationToken = default) =>
        Task.Run(() => GetRemovals(cancellationToken), cancellationToken);
}
