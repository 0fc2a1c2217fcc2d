using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Transfer.Backends;

public sealed partial class BlockLease
{
    /// <summary>Reads the batch, over the bytes; proved to be canonical. Valid until <see cref="Dispose"/>.</summary>
    /// <returns>The batch.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it is not a batch;
    /// <see cref="ErrorCode.NotCanonical"/>: it is one in another form; <see cref="ErrorCode.Unsupported"/>:
    /// Apache.Arrow cannot carry it; <see cref="Bytes"/> has the stream.</exception>
    /// <exception cref="ObjectDisposedException">The block was disposed of.</exception>
    public A.RecordBatch ReadBatch() => ToApache.Batch(ReadView());
}
