using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Parquet;

public sealed partial class ParquetReader
{
    /// <summary>The schema of every batch.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry
    /// it.</exception>
    public A.Schema Schema => ToApacheType.Schema(SchemaView);

    /// <summary>Reads the next row group.</summary>
    /// <returns>Its batch; null after the last.</returns>
    /// <exception cref="InvalidParquetException"><see cref="ErrorCode.InvalidData"/>: the bytes break a rule;
    /// <see cref="ErrorCode.Unsupported"/>: a codec or encoding that cannot be read; <see cref="ErrorCode.TooLarge"/>:
    /// over the budget.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Io"/>: the file cannot be read;
    /// <see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry the batch.</exception>
    /// <exception cref="ObjectDisposedException">The reader was disposed of.</exception>
    public A.RecordBatch? Read() => ReadView() is { } view ? ToApache.Batch(view) : null;
}
