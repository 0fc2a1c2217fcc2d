using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>CAR files, backups, copies between stores.</summary>
public sealed partial class StoreTransfer
{
    /// <summary>This store as the other side of a sync. Everything may be read from it and pushed to it.</summary>
    /// <returns>The other side; disposing of it leaves the store open.</returns>
    public SyncPeer AsSyncPeer() => new LocalPeer(_store.Directory, new StoreEnd(_store),
        _store.IsReadOnly ? SyncRights.Read : SyncRights.All);

    /// <summary>
    /// Brings this store and another side in step: finds the blocks and facts that only one of them has, with little
    /// more data than they take, and moves them. Facts come first, then blocks, then names. Every block is hashed
    /// before it is stored. A call that ended early is repeated: what was moved stays. Producers, readers and
    /// collectors continue meanwhile (<c>Sync/SYNC.md</c>).
    /// </summary>
    /// <param name="peer">The other side.</param>
    /// <param name="options">What takes part; null: everything, both ways.</param>
    /// <param name="progress">Gets the progress.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was moved, and what could not be.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the other side is this store, or
    /// is only read and blocks should go there; <see cref="ErrorCode.InvalidData"/>: what the other side sends
    /// contradicts itself, or is over an hour ahead of this machine's clock; <see cref="ErrorCode.StoreFull"/>: no
    /// space here; others are those of the other side.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public SyncReport Sync(SyncPeer peer, SyncOptions? options = null, IProgress<SyncProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return new SyncRun(_store, peer, options ?? new SyncOptions(), progress, cancellationToken).Run();
    }

    /// <summary>Does what <see cref="Sync"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Sync"/>
    public Task<SyncReport> SyncAsync(SyncPeer peer, SyncOptions? options = null,
        IProgress<SyncProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Sync(peer, options, progress, cancellationToken), cancellationToken);
}
