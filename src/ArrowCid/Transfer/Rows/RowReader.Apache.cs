using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Transfer;

public sealed partial class RowReader
{
    /// <summary>The schema of all batches.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Unsupported"/>: Apache.Arrow cannot carry it: a column
    /// of JSON objects without keys.</exception>
    public A.Schema Schema => ToApacheType.Schema(SchemaView);

    /// <summary>Reads the next batch, in memory of its own. Where there is no row at all, one empty batch.</summary>
    /// <returns>The batch, or null at the end.</returns>
    /// <exception cref="InvalidTextException">The bytes break a rule.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.TooLarge"/>: a column of the batch is over a limit of
    /// its type; <see cref="ErrorCode.Io"/>: the stream could not be read; <see cref="ErrorCode.Unsupported"/>: as for
    /// <see cref="Schema"/>.</exception>
    public A.RecordBatch? Read() => ReadView() is { } view ? ToApache.Batch(view) : null;
}
