using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Ipc;

public sealed partial class ArrowWriter
{
    /// <summary>Starts a stream or file and writes the schema.</summary>
    /// <param name="target">Where to write; it is left open.</param>
    /// <param name="schema">The schema of every batch to come.</param>
    /// <param name="format">A stream or a file.</param>
    /// <param name="compression">How the buffers of the batches are compressed.</param>
    /// <exception cref="InvalidArrowException">The schema has no canonical form.</exception>
    public ArrowWriter(Stream target, A.Schema schema, ArrowFormat format = ArrowFormat.Stream,
        ArrowCompression compression = ArrowCompression.None)
        : this(target, FromApacheType.Schema(schema), format, compression)
    {
    }

    /// <summary>Looks at the dictionaries of a batch that will be written. All batches are shown before the first is
    /// written, and stay readable until it was; the same ones are written afterwards, in the same order.</summary>
    /// <param name="batch">A batch of the writer's schema.</param>
    /// <exception cref="InvalidOperationException">A batch was written before.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another schema.</exception>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format, or
    /// (<see cref="ErrorCode.TooLarge"/>) the dictionaries together have more entries than an index counts.</exception>
    public void Prescan(A.RecordBatch batch) => Prescan(FromApache.Batch(batch));

    /// <summary>Writes a batch.</summary>
    /// <param name="batch">A batch of the writer's schema; its buffers are read until the call returns.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: another schema;
    /// <see cref="ErrorCode.Unsupported"/>: a file's dictionary would have to be replaced: it is ordered, or the
    /// batches were not shown to <see cref="Prescan(A.RecordBatch)"/>.</exception>
    /// <exception cref="InvalidArrowException">The batch breaks a rule of the format.</exception>
    /// <exception cref="ObjectDisposedException">The writer was finished or disposed of.</exception>
    public void Write(A.RecordBatch batch) => Write(FromApache.Batch(batch));
}
