using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid.Client;

public sealed partial class CidClient
{
    /// <summary>Stores a batch on the server.</summary>
    /// <param name="batch">The batch; its buffers are read until the call returns.</param>
    /// <param name="options">Its metadata, name and pin; null: none.</param>
    /// <param name="cancellationToken">Ends it; the batch may have been stored then.</param>
    /// <returns>The block's address, proved, and whether it was new.</returns>
    /// <exception cref="InvalidArrowException">The batch has no canonical block.</exception>
    /// <exception cref="ArrowCidException">As the server gave it; <see cref="ErrorCode.AccessDenied"/>: it wants
    /// another token.</exception>
    public Task<PutResult> PutAsync(A.RecordBatch batch, PutOptions? options = null,
        CancellationToken cancellationToken = default) =>
        PutAsync(FromApache.Batch(batch), options, cancellationToken);
}
