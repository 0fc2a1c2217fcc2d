using ArrowCid.Signing;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>What may take long, on threads of the pool.</summary>
public sealed partial class StoreSignatures
{
    /// <summary>Does what <see cref="Sign(IEnumerable{Cid}, SigningKey, IReadOnlyDictionary{string, string}?,
    /// IProgress{OperationProgress}?, CancellationToken)"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Sign(IEnumerable{Cid}, SigningKey, IReadOnlyDictionary{string, string}?,
    /// IProgress{OperationProgress}?, CancellationToken)"/>
    public Task<long> SignAsync(IEnumerable<Cid> cids, SigningKey key, IReadOnlyDictionary<string, string>? says = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Sign(cids, key, says, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="ExportBundle"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="ExportBundle"/>
    public Task<CarExport> ExportBundleAsync(IReadOnlyList<Cid> cids, Stream output,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => ExportBundle(cids, output, progress, cancellationToken), cancellationToken);
}
