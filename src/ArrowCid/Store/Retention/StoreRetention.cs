using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Pins, holds, removal, collection and forgetting of old versions.</summary>
public sealed partial class StoreRetention
{
    private readonly CidStore _store;

    internal StoreRetention(CidStore store) => _store = store;

    /// <summary>Keeps a block that is here from being removed, for good.</summary>
    /// <param name="cid">The block.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: it, or what is beneath it, is not
    /// here; <see cref="ErrorCode.Unsupported"/>: the store is a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Pin(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        _store.Registry.Pins.Pin(cid);
    }

    /// <summary>Ends a pin.</summary>
    /// <param name="cid">The block, which need not be here.</param>
    /// <returns>False where it was not pinned.</returns>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public bool Unpin(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        return _store.Registry.Pins.Unpin(cid);
    }

    /// <summary>Keeps blocks that are in the store from being removed until the hold is disposed, the store is closed
    /// or this process ends, however it ends.</summary>
    /// <param name="cids">1 to 1,024 blocks.</param>
    /// <returns>The hold. The caller must dispose it.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Pin"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public BlockHold Hold(params ReadOnlySpan<Cid> cids)
    {
        foreach (Cid cid in cids) BlockProof.ThrowIfDefault(cid);
        Cid[] held = cids.ToArray();
        return new BlockHold(_store.Blocks, _store.Registry.Pins.Hold(held), held);
    }

    /// <summary>
    /// Removes blocks: they no longer appear in listings, and their space is freed when the store is compacted. Blocks
    /// that a name, a pin, a hold or a remaining block needs are kept, and so are blocks put or announced again from
    /// then on, and blocks in the backlog of a place (<see cref="BlockPlace.Write"/>). The metadata of a removed block
    /// stays, and is valid again when the block comes back.
    /// </summary>
    /// <param name="cids">The blocks.</param>
    /// <param name="dryRun">Only says what would go.</param>
    /// <param name="force">Whether blocks are removed that no place has yet and that are to be copied to one.</param>
    /// <param name="cancellationToken">Cancels the call. Nothing is removed then.</param>
    /// <returns>What goes, and what is kept and why.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is cleaning
    /// up.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RemoveResult Remove(IReadOnlyCollection<Cid> cids, bool dryRun = false, bool force = false,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        foreach (Cid cid in cids) BlockProof.ThrowIfDefault(cid);
        return Report(
            _store.Registry.Removals.Remove(cids, dryRun, isForced: force, cancel: cancellationToken), dryRun);
    }

    /// <summary>Removes, as <see cref="Remove"/> does, the blocks that pass a filter when the call begins.</summary>
    /// <param name="filter">The filter (<c>Registry/FILTER.md</c>).</param>
    /// <param name="dryRun">Only says what would go: by the same decision, of which nothing is carried out.</param>
    /// <param name="cancellationToken">Cancels the call. Nothing is removed then.</param>
    /// <returns>What goes, and what is kept and why.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Remove"/> and <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RemoveResult RemoveWhere(Filter filter, bool dryRun = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var cids = new List<Cid>();
        foreach (StoredEntry entry in _store.Query(filter))
        {
            cancellationToken.ThrowIfCancellationRequested();
            cids.Add(entry.Cid);
        }

        return Remove(cids, dryRun, cancellationToken: cancellationToken);
    }

    /// <summary>Removes, as <see cref="Remove"/> does, the blocks that are no longer needed
    /// (<see cref="BlockMetadata.Expires"/>).</summary>
    /// <param name="dryRun">Only says what would go.</param>
    /// <param name="cancellationToken">Cancels the call. Nothing is removed then.</param>
    /// <returns>What goes, and what is kept and why.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Remove"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RemoveResult RemoveExpired(bool dryRun = false, CancellationToken cancellationToken = default) =>
        Report(_store.Registry.Removals.RemoveExpired(_store.Clock.GetUtcNow(), dryRun, cancellationToken), dryRun);

    /// <summary>Why a block cannot be removed.</summary>
    /// <param name="cid">The block.</param>
    /// <returns>Every reason; none where <see cref="Remove"/> would take it.</returns>
    public IReadOnlyList<KeepReason> GetReasons(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        return _store.Registry.Removals.Why(cid);
    }

    private static RemoveResult Report(Removal removal, bool isDryRun) =>
        new()
        {
            Removed = [.. removal.Gone.Select(each => each.Cid)],
            Kept = [.. removal.Kept.Select(kept => new KeptBlock { Cid = kept.Cid, Reasons = kept.Reasons })],
            ByteLength = removal.Bytes,
            IsDryRun = isDryRun,
        };
}
