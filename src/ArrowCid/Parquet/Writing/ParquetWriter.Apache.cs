using ArrowCid.Columnar;
using ArrowCid.Ipc;
using A = Apache.Arrow;

namespace ArrowCid.Parquet;

public sealed partial class ParquetWriter
{
    /// <summary>Starts a file; the first bytes are written with the first batch.</summary>
    /// <param name="target">Where to write, forward; it is left open.</param>
    /// <param name="schema">The schema of every batch to come.</param>
    /// <param name="options">How to write; by default <see cref="ParquetWriteOptions"/>' defaults.</param>
    /// <exception cref="InvalidArrowException">The schema has no canonical form.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: it has no columns.</exception>
    public ParquetWriter(Stream target, A.Schema schema, ParquetWriteOptions? options = null)
        : this(target, FromApacheType.Schema(schema), options)
    {
    }

    /// <summary>
    /// Looks at a batch that will be written later, so that the file's columns are made to hold it. Needed only where
    /// <see cref="RequiresPrescan"/> is set, for every batch after the first, before the first is written.
    /// </summary>
    /// <param name="batch">A batch of the writer's schema.</param>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format.</exception>
    /// <exception cref="InvalidOperationException">A batch was written before.</exception>
    public void Prescan(A.RecordBatch batch) => Prescan(FromApache.Batch(batch));

    /// <summary>Writes a batch as a row group.</summary>
    /// <param name="batch">A batch of the writer's schema; its buffers are read until the call returns.</param>
    /// <returns>The batch's address.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another schema;
    /// <see cref="ErrorCode.Unsupported"/>: a value does not fit the form that the first batches gave its column, see
    /// <see cref="Prescan(A.RecordBatch)"/>; <see cref="ErrorCode.Io"/>: the target cannot be written.</exception>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format.</exception>
    /// <exception cref="ObjectDisposedException">The writer was finished or disposed of.</exception>
    public BlockAddress Write(A.RecordBatch batch) => Write(FromApache.Batch(batch));
}
