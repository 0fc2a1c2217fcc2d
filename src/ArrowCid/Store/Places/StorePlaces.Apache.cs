using ArrowCid.Columnar;
using ArrowCid.Transfer.Backends;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>Columns of batches that are elsewhere, as types of Apache.Arrow.</summary>
public sealed partial class StorePlaces
{
    /// <summary>Reads columns of a batch or dataset, which need not be in this store. Of a batch over 1 MiB that this
    /// store copied to a place, only the column manifest, the head and these columns are read there, each piece proved
    /// by its own CID. Of any other batch that is elsewhere the whole block is read and proved.</summary>
    /// <param name="cid">A batch or dataset, a column manifest, or the column manifests of a dataset.</param>
    /// <param name="columns">The names of the columns, at least one, case-sensitive; of several of one name the
    /// first.</param>
    /// <param name="other">A further source of blocks; null if there is none.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>A batch of these columns for each batch, readable until the next one is asked for.</returns>
    /// <exception cref="ArgumentException">There is no column.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block is nowhere;
    /// <see cref="ErrorCode.BlockCorrupt"/>: it has other bytes; <see cref="ErrorCode.SchemaMismatch"/>: there is no
    /// such column, or the block is of another kind; others as for <see cref="BlockBackend.TryGet"/>.</exception>
    /// <exception cref="Ipld.InvalidIpldException">A column manifest breaks a rule.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public IEnumerable<A.RecordBatch> ReadColumns(Cid cid, IReadOnlyList<string> columns, BlockBackend? other = null,
        CancellationToken cancellationToken = default)
    {
        BlockProof.ThrowIfDefault(cid);
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0) throw new ArgumentException("There is no column.", nameof(columns));
        return Read();

        IEnumerable<A.RecordBatch> Read()
        {
            using BlockBackend own = _store.Transfer.AsBackend(), elsewhere = AsBackend();
            BlockBackend source = BlockBackend.Several(other is null ? [own, elsewhere] : [own, elsewhere, other]);
            foreach (RecordBatch batch in Columns.Read(cid, columns, source, cancellationToken: cancellationToken))
                yield return ToApache.Batch(batch);
        }
    }

    /// <summary>Enumerates what <see cref="ReadColumns"/> does, on threads of the pool.</summary>
    /// <inheritdoc cref="ReadColumns"/>
    public IAsyncEnumerable<A.RecordBatch> ReadColumnsAsync(Cid cid, IReadOnlyList<string> columns,
        BlockBackend? other = null, CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => ReadColumns(cid, columns, other, end), mostAtOnce: 1, cancellationToken);
}
