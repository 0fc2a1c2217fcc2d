namespace ArrowCid.Transfer.Backends;

/// <summary>What may take long, on a thread of the pool.</summary>
public abstract partial class BlockBackend
{
    /// <summary>Does what <see cref="Test"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Test"/>
    public Task<string?> TestAsync(CancellationToken cancellationToken = default) =>
        Task.Run(() => Test(cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="TryGet"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="TryGet"/>
    public Task<BlockLease?> TryGetAsync(Cid cid, CancellationToken cancellationToken = default) =>
        Task.Run(() => TryGet(cid, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="TryGetRange"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="TryGetRange"/>
    public Task<BlockLease?> TryGetRangeAsync(Cid cid, BlockSlice slice,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => TryGetRange(cid, slice, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="TryGetRanges"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="TryGetRanges"/>
    public Task<IReadOnlyList<BlockLease>?> TryGetRangesAsync(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => TryGetRanges(cid, slices, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Contains"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Contains"/>
    public Task<bool> ContainsAsync(Cid cid, CancellationToken cancellationToken = default) =>
        Task.Run(() => Contains(cid, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="ContainsMany"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="ContainsMany"/>
    public Task<bool[]> ContainsManyAsync(IReadOnlyList<Cid> cids, CancellationToken cancellationToken = default) =>
        Task.Run(() => ContainsMany(cids, cancellationToken), cancellationToken);

    /// <summary>Enumerates what <see cref="List"/> does, on threads of the pool, a few items ahead.</summary>
    /// <inheritdoc cref="List"/>
    public IAsyncEnumerable<Cid> ListAsync(CancellationToken cancellationToken = default) =>
        AsyncItems.Of(List, cancellationToken: cancellationToken);

    /// <summary>Does what <see cref="Put"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Put"/>
    public Task PutAsync(Cid cid, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        Task.Run(() => Put(cid, bytes, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Delete"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Delete"/>
    public Task DeleteAsync(Cid cid, CancellationToken cancellationToken = default) =>
        Task.Run(() => Delete(cid, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="CopyFrom"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="CopyFrom"/>
    public Task<BlockCopyResult> CopyFromAsync(BlockBackend source, IReadOnlyList<Cid> cids,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => CopyFrom(source, cids, progress, cancellationToken), cancellationToken);
}
