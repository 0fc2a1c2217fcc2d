using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// The messages of a canonical block before its batch's body: with them and the bytes of one column that column can be
/// read, and the others need not be there.
/// </summary>
internal sealed class BlockHead
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly BlockSchema _schema;

    private BlockHead(ReadOnlyMemory<byte> bytes, BlockSchema schema, Cid schemaCid) =>
        (_bytes, _schema, SchemaCid) = (bytes, schema, schemaCid);

    /// <summary>The batch's schema.</summary>
    public Schema Schema => _schema.Schema;

    /// <summary>The schema's CID.</summary>
    public Cid SchemaCid { get; }

    /// <summary>Reads the schema.</summary>
    /// <param name="head">The messages; to be kept readable as long as columns are.</param>
    /// <param name="known">A head that may begin with the same schema, which is not read again then; or null.</param>
    /// <exception cref="InvalidArrowException">They do not begin with a little-endian schema.</exception>
    public static BlockHead Of(ReadOnlyMemory<byte> head, BlockHead? known = null)
    {
        using var reader = ArrowReader.OpenBlock(head, known?._schema, out BlockSchema schema);
        Cid cid = ReferenceEquals(schema, known?._schema) ? known!.SchemaCid : CanonicalBlock.SchemaCid(schema.Schema);
        return new BlockHead(head, schema, cid);
    }

    /// <summary>One column as a batch of one.</summary>
    /// <param name="index">The column.</param>
    /// <param name="bytes">Its bytes with their padding; the batch borrows them.</param>
    /// <param name="start">Where they begin in the body.</param>
    /// <param name="bodyLength">The body's bytes.</param>
    /// <exception cref="InvalidArrowException">The head or the column breaks a rule, or the body has another
    /// length.</exception>
    public RecordBatch Column(int index, ReadOnlyMemory<byte> bytes, long start, long bodyLength)
    {
        using var reader = ArrowReader.OpenHead(_bytes, _schema);
        return reader.ReadColumn(index, bytes, start, bodyLength);
    }
}
