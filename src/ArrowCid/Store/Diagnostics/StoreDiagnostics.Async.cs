using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>What may take long, on threads of the pool.</summary>
public sealed partial class StoreDiagnostics
{
    /// <summary>Does what <see cref="Verify"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Verify"/>
    public Task<VerifyResult?> VerifyAsync(Cid cid, BlockBackend? source = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Verify(cid, source, cancellationToken), cancellationToken);

    /// <summary>Enumerates what <see cref="VerifyAll"/> does, on threads of the pool, a few items ahead.</summary>
    /// <inheritdoc cref="VerifyAll"/>
    public IAsyncEnumerable<VerifyResult> VerifyAllAsync(IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => VerifyAll(progress, end), cancellationToken: cancellationToken);

    /// <summary>Does what <see cref="GetStatistics"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="GetStatistics"/>
    public Task<StoreStatistics> GetStatisticsAsync(IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => GetStatistics(progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="GetUsage"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="GetUsage"/>
    public Task<IReadOnlyList<StoreUsage>> GetUsageAsync(UsageBy by, string? tagKey = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => GetUsage(by, tagKey, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="CheckFacts"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="CheckFacts"/>
    public Task<IReadOnlyList<string>> CheckFactsAsync(CancellationToken cancellationToken = default) =>
        Task.Run(() => CheckFacts(cancellationToken), cancellationToken);
}
