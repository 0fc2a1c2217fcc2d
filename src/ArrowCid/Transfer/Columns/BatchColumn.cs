using System.Collections.Immutable;
using System.Globalization;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Transfer;

/// <summary>
/// Columns of batches, had alone through the batch's column manifest (<c>Ipld/MANIFESTS.md</c>) from wherever blocks
/// are: a store, a folder, a gateway. Of the others no piece is asked for. <see cref="ReadFrom"/> reads several columns
/// of batches and datasets from a backend.
/// </summary>
public static partial class BatchColumn
{
    /// <summary>Reads a column by name.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column's name, case-sensitive; of several of one name the first.</param>
    /// <param name="blocks">Gives a block's bytes, or null where it has not got them. It is asked for the manifest,
    /// then for the pieces of its head and of the column; each is proved against its CID, as the copy that is
    /// read.</param>
    /// <returns>A batch of that one column, nested as it is, with the batch's rows and the schema's metadata; in memory
    /// of its own.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the manifest or a piece was not
    /// given; <see cref="ErrorCode.BlockCorrupt"/>: a block's bytes are not what its CID says;
    /// <see cref="ErrorCode.SchemaMismatch"/>: no such column. All name the block.</exception>
    /// <exception cref="InvalidIpldException">The block is no column manifest, or its head is of another
    /// batch.</exception>
    /// <exception cref="InvalidArrowException">Head and column are not what a canonical block has.</exception>
    internal static RecordBatch ReadView(Cid manifest, string column, Func<Cid, byte[]?> blocks)
    {
        ArgumentNullException.ThrowIfNull(column);
        return ReadView(manifest, columns => IndexOf(columns, column), blocks);
    }

    /// <summary>Reads a column by its place.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column, from 0.</param>
    /// <param name="blocks">As for a name.</param>
    /// <returns>As for a name.</returns>
    /// <exception cref="ArrowCidException">As for a name.</exception>
    internal static RecordBatch ReadView(Cid manifest, int column, Func<Cid, byte[]?> blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        return ReadView(manifest,
            columns => column < columns.Length ? column : throw NoColumn($"{column}", columns), blocks);
    }

    private static RecordBatch ReadView(Cid cid, Func<ImmutableArray<ColumnPieces>, int> find,
        Func<Cid, byte[]?> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (cid.Version != 1 || cid.Codec != Multicodec.DagCbor || !cid.Hash.IsSha256)
            throw new InvalidIpldException(ColumnManifest.Kind, $"{cid} is no manifest's CID");
        byte[] node = blocks(cid) ?? throw ColumnReader.Missing(cid, "the column manifest");
        Prove(cid, node, "the column manifest");
        ColumnManifest manifest = ColumnManifest.Decode(DagCbor.Decode(node));
        int index = find(manifest.Columns);
        BlockHead head = HeadOf(manifest, Gather(manifest.Head, "the head", blocks));
        string what = $"column '{manifest.Columns[index].Name}'";
        ReadOnlyMemory<byte> bytes = Gather(manifest.Columns[index].Pieces, what, blocks);
        return head.Column(index, bytes, manifest.Columns.Take(index).Sum(column => column.ByteLength),
            manifest.Columns.Sum(column => column.ByteLength));
    }

    /// <summary>Reads columns of batches, as <see cref="ReadFrom"/> does.</summary>
    internal static IEnumerable<RecordBatch> ReadViews(BlockBackend source, Cid cid, IReadOnlyList<string> columns,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0) throw new ArgumentException("There is no column.", nameof(columns));
        return new ColumnReader(source, columns).ReadMany(ColumnReader.BatchesOf(source, cid, cancellationToken),
            cancellationToken: cancellationToken);
    }

    /// <summary>The head, which must be that of the batch that the manifest is of.</summary>
    internal static BlockHead HeadOf(ColumnManifest manifest, ReadOnlyMemory<byte> bytes, BlockHead? known = null)
    {
        var head = BlockHead.Of(bytes, known);
        IEnumerable<string> names = manifest.Columns.Select(column => column.Name);
        bool isOfBatch = head.SchemaCid == manifest.Schema
            && head.Schema.Fields.Select(field => field.Name).SequenceEqual(names);
        return isOfBatch
            ? head
            : throw new InvalidIpldException(ColumnManifest.Kind, "its head has another schema than it says");
    }

    private static ReadOnlyMemory<byte> Gather(ImmutableArray<ColumnPiece> pieces, string what,
        Func<Cid, byte[]?> blocks)
    {
        // A manifest claims lengths that its pieces must have: the buffer grows with the received bytes.
        using var gathered = new MemoryStream();
        for (int i = 0; i < pieces.Length; i++)
        {
            ColumnPiece piece = pieces[i];
            string name = string.Create(CultureInfo.InvariantCulture, $"piece {i} of {what}");
            byte[] bytes = blocks(piece.Cid) ?? throw ColumnReader.Missing(piece.Cid, name);
            if (bytes.Length != piece.Length) throw Damaged(piece.Cid, name);
            int at = (int)gathered.Length;
            gathered.Write(bytes);
            Prove(piece.Cid, gathered.GetBuffer().AsSpan(at, piece.Length), name);
        }

        return gathered.GetBuffer().AsMemory(0, (int)gathered.Length);
    }

    private static void Prove(Cid cid, ReadOnlySpan<byte> bytes, string what)
    {
        if (Cid.FromSha256(cid.Codec, Sha256.Hash(bytes)) != cid) throw Damaged(cid, what);
    }

    internal static int IndexOf(ImmutableArray<ColumnPieces> columns, string name)
    {
        for (int i = 0; i < columns.Length; i++)
        {
            if (columns[i].Name == name) return i;
        }

        throw NoColumn($"'{name}'", columns);
    }

    private static ArrowCidException NoColumn(string column, ImmutableArray<ColumnPieces> columns) =>
        ColumnReader.NoColumn(column, columns.Select(each => each.Name));

    private static ArrowCidException Damaged(Cid cid, string what) =>
        new(ErrorCode.BlockCorrupt, $"the bytes of {what} are not those of {cid}; fetch it again");
}
