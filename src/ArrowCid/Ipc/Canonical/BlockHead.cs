using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>
/// The messages of a canonical block before its batch's body: with them and the bytes of one column that column can be
/// read, and the others need not be there.
/// </summary>
internal sealed class BlockHead
{
    private readonly ReadOnlyMemory<byte> _bytes;

    private BlockHead(ReadOnlyMemory<byte> bytes, Schema schema) => (_bytes, Schema) = (bytes, schema);

    /// <summary>The batch's schema.</summary>
    public Schema Schema { get; }

    /// <summary>Reads the schema.</summary>
    /// <param name="head">The messages; to be kept readable as long as columns are.</param>
    /// <exception cref="InvalidArrowException">They do not begin with a schema.</exception>
    public static BlockHead Of(ReadOnlyMemory<byte> head)
    {
        using var reader = ArrowReader.OpenHead(head);
        return new BlockHead(head, reader.SchemaView);
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
        using var reader = ArrowReader.OpenHead(_bytes);
        return reader.ReadColumn(index, bytes, start, bodyLength);
    }
}
