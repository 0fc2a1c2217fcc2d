using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>What may take long, on threads of the pool.</summary>
public sealed partial class StorePlaces
{
    /// <summary>Does what <see cref="Copy"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Copy"/>
    public Task<BlockCopyResult> CopyAsync(IReadOnlyList<Cid> cids, string name, BlockBackend? other = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Copy(cids, name, other, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="AddCopies"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="AddCopies"/>
    public Task<long> AddCopiesAsync(int copies, Filter? filter = null, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => AddCopies(copies, filter, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Drop"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Drop"/>
    public Task<RemoveResult> DropAsync(IReadOnlyCollection<Cid> cids, DropOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Drop(cids, options, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Prove"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Prove"/>
    public Task<bool> ProveAsync(Cid cid, string name, CancellationToken cancellationToken = default) =>
        Task.Run(() => Prove(cid, name, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="GetUsage"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="GetUsage"/>
    public Task<PlaceUsage> GetUsageAsync(string name, CancellationToken cancellationToken = default) =>
        Task.Run(() => GetUsage(name, cancellationToken), cancellationToken);

    /// <summary>Enumerates what <see cref="FindShort"/> does, on threads of the pool, a few items ahead.</summary>
    /// <inheritdoc cref="FindShort"/>
    public IAsyncEnumerable<ReplicaShortage> FindShortAsync(int copies, Filter? filter = null,
        CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => FindShort(copies, filter, end), cancellationToken: cancellationToken);

    /// <summary>Enumerates what <see cref="ListAt"/> does, on threads of the pool, a few items ahead.</summary>
    /// <inheritdoc cref="ListAt"/>
    public IAsyncEnumerable<StoredEntry> ListAtAsync(string name, CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => ListAt(name, end), cancellationToken: cancellationToken);
}
