using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Transfer.Backends;
using A = Apache.Arrow;

namespace ArrowCid.Transfer;

public static partial class BatchColumn
{
    /// <summary>Reads a column by name.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column's name, case-sensitive; of several of one name the first.</param>
    /// <param name="blocks">Gives a block's bytes, or null where it does not have them. It is asked for the manifest,
    /// then for the pieces of its head and of the column; each is proved against its CID, as the copy that is
    /// read.</param>
    /// <returns>A batch of that one column, nested as it is, with the batch's rows and the schema's metadata; in memory
    /// of its own.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the manifest or a piece was not
    /// given; <see cref="ErrorCode.BlockCorrupt"/>: a block's bytes are not what its CID says;
    /// <see cref="ErrorCode.SchemaMismatch"/>: no such column. All name the block. <see cref="ErrorCode.Unsupported"/>:
    /// Apache.Arrow cannot carry the column.</exception>
    /// <exception cref="InvalidIpldException">The block is no column manifest, or its head is of another
    /// batch.</exception>
    /// <exception cref="InvalidArrowException">Head and column are not what a canonical block has.</exception>
    public static A.RecordBatch Read(Cid manifest, string column, Func<Cid, byte[]?> blocks) =>
        ToApache.Batch(ReadView(manifest, column, blocks));

    /// <summary>Reads a column by its position.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column, from 0.</param>
    /// <param name="blocks">As for a name.</param>
    /// <returns>As for a name.</returns>
    /// <exception cref="ArrowCidException">As for a name.</exception>
    public static A.RecordBatch Read(Cid manifest, int column, Func<Cid, byte[]?> blocks) =>
        ToApache.Batch(ReadView(manifest, column, blocks));

    /// <summary>Reads columns of a batch or dataset from a backend. Through a column manifest only the head and these
    /// columns are read, each piece proved by its CID. Of other batches the whole blocks are read and proved, because a
    /// backend cannot prove which manifest belongs to a block; <see cref="StorePlaces.ReadColumns"/> knows the
    /// manifests of blocks that its store copied.</summary>
    /// <param name="source">Where the blocks are.</param>
    /// <param name="cid">A batch or dataset, a column manifest, or the column manifests of a dataset.</param>
    /// <param name="columns">The names of the columns, at least one, case-sensitive; of several of one name the
    /// first.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>A batch of these columns for each batch, in memory of its own, read a few batches ahead.</returns>
    /// <exception cref="ArgumentException">There is no column.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block is not there;
    /// <see cref="ErrorCode.BlockCorrupt"/>: it has other bytes; <see cref="ErrorCode.SchemaMismatch"/>: there is no
    /// such column, or the block is of another kind; others as for <see cref="BlockBackend.TryGet"/>.</exception>
    /// <exception cref="InvalidIpldException">A column manifest breaks a rule.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public static IEnumerable<A.RecordBatch> ReadFrom(BlockBackend source, Cid cid, IReadOnlyList<string> columns,
        CancellationToken cancellationToken = default) =>
        ReadViews(source, cid, columns, cancellationToken).Select(ToApache.Batch);

    /// <summary>Enumerates what <see cref="ReadFrom"/> does, on threads of the pool.</summary>
    /// <inheritdoc cref="ReadFrom"/>
    public static IAsyncEnumerable<A.RecordBatch> ReadFromAsync(BlockBackend source, Cid cid,
        IReadOnlyList<string> columns, CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => ReadFrom(source, cid, columns, end), mostAtOnce: 1, cancellationToken);
}
