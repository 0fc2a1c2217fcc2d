using ArrowCid.Columnar;
using ArrowCid.Ipc;

namespace ArrowCid;

public sealed partial class StoreMetadata
{
    /// <summary>Computes the logical fingerprint of a stored batch, or of all batches of a dataset. All of its values
    /// are read.</summary>
    /// <param name="cid">The CID of the batch or dataset.</param>
    /// <returns>The fingerprint, with the column CIDs.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the block, or a batch of the dataset,
    /// is not stored here; <see cref="ErrorCode.SchemaMismatch"/>: the batches do not have the same columns; <see
    /// cref="ErrorCode.InvalidArgument"/>: the dataset has no batch.</exception>
    public LogicalFingerprint GetFingerprint(Cid cid)
    {
        BlockProof.ThrowIfDefault(cid);
        IReadOnlyList<Cid> batches = _store.Datasets.TryGet(cid) ?? [cid];
        return FingerprintHasher.Of(Views(batches))
            ?? throw new ArrowCidException(ErrorCode.InvalidArgument, $"{cid} has no batch, so it has no columns");
    }

    private IEnumerable<RecordBatch> Views(IReadOnlyList<Cid> batches)
    {
        foreach (Cid each in batches)
        {
            using BatchLease lease = _store.TryGet(each)
                ?? throw new ArrowCidException(ErrorCode.BlockNotFound, $"{each} is not in {_store.Directory}");
            yield return lease.View;
        }
    }
}
