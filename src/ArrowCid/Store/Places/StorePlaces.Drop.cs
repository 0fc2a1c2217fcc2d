using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Removal of one of several copies.</summary>
public sealed partial class StorePlaces
{
    /// <summary>
    /// Removes blocks from the store itself or from a place, where another copy of each was read and proved just
    /// before. Of a dataset these are its batches; its nodes and its schema stay. Names and links do not keep a
    /// block: they still lead to it, and a read goes to the other copy. Pins and holds keep it. What is recorded of
    /// the block stays.
    /// </summary>
    /// <remarks>Two stores without a common registry could each remove the copy that the other one counted. Therefore
    /// the directory that blocks are removed from is locked exclusively, and each directory whose copy counts is locked
    /// against removals, until the call ends. A place that cannot be locked, such as a bucket, gives up blocks only
    /// with <see cref="DropOptions.Force"/>, and so its copies count.</remarks>
    /// <param name="cids">The blocks.</param>
    /// <param name="options">From where, and how.</param>
    /// <param name="progress">Gets the number of blocks whose other copies were proved so far.</param>
    /// <param name="cancellationToken">Cancels the call. Until all copies are proved nothing is removed; after that
    /// the blocks that were removed before stay so.</param>
    /// <returns>The removed blocks, and those that stay with the reasons.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is no such place;
    /// <see cref="ErrorCode.Unsupported"/>: it cannot remove blocks, or cannot be locked and
    /// <see cref="DropOptions.Force"/> is not set; <see cref="ErrorCode.Busy"/>: another process removes copies at the
    /// same time; others as for <see cref="StoreRetention.Remove"/> and the place.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RemoveResult Drop(IReadOnlyCollection<Cid> cids, DropOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        options ??= new DropOptions();
        bool isHere = options.From == BlockPlace.Here;
        BlockPlace? from = isHere ? null : Require(options.From);
        using PlaceBackend? there = from is null ? null : OpenToWrite(from);
        using BlockBackend source = there ?? _store.Transfer.AsBackend();
        using var others = new OtherCopies(_store, from);
        using IDisposable? turn = LockForRemoval(source, options);
        var proved = new List<Cid>();
        var kept = new List<KeptBlock>();
        long bytes = 0;
        foreach (Cid cid in Batches(cids))
        {
            if (!source.Contains(cid, cancellationToken)) kept.Add(Kept(cid, KeepKind.NotHere, null));
            else if (!options.Force && !others.TryProve(cid, cancellationToken, out string? tried))
                kept.Add(Kept(cid, KeepKind.LastCopy, tried));
            else proved.Add(cid);
            operation.Step();
        }

        if (from is null)
        {
            Removal removal = _store.Registry.Removals.Demote(proved, options.DryRun, cancellationToken);
            kept.AddRange(removal.Kept.Select(each => new KeptBlock { Cid = each.Cid, Reasons = each.Reasons }));
            (proved, bytes) = ([.. removal.Gone.Select(each => each.Cid)], removal.Bytes);
        }
        else
        {
            bytes = proved.Sum(cid => _store.Metadata.Get(cid)?.ByteLength ?? 0);
            if (!options.DryRun) RemoveAt(there!, from, proved, cancellationToken);
        }

        operation.Finish();
        return new RemoveResult { Removed = proved, Kept = kept, ByteLength = bytes, IsDryRun = options.DryRun };
    }

    private static KeptBlock Kept(Cid cid, KeepKind kind, string? tried) => new()
    {
        Cid = cid,
        Reasons = [new KeepReason { Kind = kind, Name = tried, By = null }],
    };

    private static IDisposable? LockForRemoval(BlockBackend source, DropOptions options)
    {
        if (options.DryRun) return null;
        if (!source.CanDelete)
            throw new ArrowCidException(ErrorCode.Unsupported, $"{source.Name} cannot remove blocks");
        if (source.LockDirectory is { } directory) return CopyLock.Take(directory, exclusive: true);
        return options.Force ? null : throw new ArrowCidException(ErrorCode.Unsupported,
            $"{source.Name} cannot be locked, and another store may count on its copies")
        {
            Remedy = new Remedy(RemedyKind.SetOption, nameof(DropOptions.Force)),
        };
    }

    private void RemoveAt(PlaceBackend source, BlockPlace place, List<Cid> cids, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // The fact first: a copy that is there and not recorded costs space, and a recorded one that is gone could be
        // counted.
        Cid[] stored = source.StoredAs(cids);
        var batch = new FactBatch(_store.Registry);
        foreach (Cid cid in cids) batch.Add([new CopyFact(cid, place.Name, State: null)]);
        batch.Append();
        CrashPoint.Pass(CrashStep.X1);
        for (int i = 0; i < stored.Length; i++)
        {
            source.DeleteStored(stored[i], cancellationToken);
            if (source.KeepsManifests && _columns.Find(cids[i]) is { } manifest)
                source.DeleteStored(manifest, cancellationToken);
            CrashPoint.Pass(CrashStep.X2);
        }
    }

    /// <summary>Blocks, of datasets their batches, each once.</summary>
    private IEnumerable<Cid> Batches(IReadOnlyCollection<Cid> cids) => cids.SelectMany(cid =>
    {
        BlockProof.ThrowIfDefault(cid);
        return _store.Metadata.Get(cid) is { Kind: BlockKind.Dataset, IsPresent: true }
            ? _store.Datasets.TryGet(cid) ?? []
            : [cid];
    }).Distinct();
}
