using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>What may take long, on threads of the pool.</summary>
public sealed partial class StoreMetadata
{
    /// <summary>Does what <see cref="Count"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Count"/>
    public Task<(long Count, QueryExplanation Plan)> CountAsync(Filter? filter = null, bool includeMissing = false,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Count(filter, includeMissing, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="QueryPage"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="QueryPage"/>
    public Task<QueryPage> QueryPageAsync(QueryOptions options, CancellationToken cancellationToken = default) =>
        Task.Run(() => QueryPage(options, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="PutSnapshot"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="PutSnapshot"/>
    public Task<PutResult> PutSnapshotAsync(Filter? filter = null, bool includeMissing = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => PutSnapshot(filter, includeMissing, progress, cancellationToken), cancellationToken);

    /// <summary>Does what the synchronous form does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Set(IEnumerable{KeyValuePair{Cid, BlockMetadata}}, IProgress{OperationProgress},
    /// CancellationToken)"/>
    public Task<long> SetAsync(IEnumerable<KeyValuePair<Cid, BlockMetadata>> blocks,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Set(blocks, progress, cancellationToken), cancellationToken);

    /// <summary>Enumerates what <see cref="CidStore.Query"/> does, on threads of the pool, a few items ahead.</summary>
    /// <param name="filter">The filter; null: every block.</param>
    /// <param name="includeMissing">Whether blocks that are not in the store, but that have metadata, are listed
    /// too.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>The entries, in no order.</returns>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public IAsyncEnumerable<StoredEntry> QueryAsync(Filter? filter = null, bool includeMissing = false,
        CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => Cancelling(_store.Query(filter, includeMissing), end),
            cancellationToken: cancellationToken);
}
