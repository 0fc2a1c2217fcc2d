using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>Results that are batches of Apache.Arrow.</summary>
public sealed partial class Memo
{
    /// <summary>Returns the result of a call, and computes it where there is none.</summary>
    /// <param name="key">The call.</param>
    /// <param name="compute">Computes the batch. It runs once, in one of the callers that miss together.</param>
    /// <param name="options">How the result is stored; null: as <see cref="MemoOptions"/> has it.</param>
    /// <param name="cancellationToken">Ends the wait for another caller, and is given to
    /// <paramref name="compute"/>.</param>
    /// <returns>A lease on the batch, to be disposed of.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Put(A.RecordBatch, PutOptions)"/> and
    /// <see cref="CidStore.TryGet"/>; <see cref="ErrorCode.InvalidArgument"/>: <paramref name="compute"/> asks for the
    /// result of the same call. What it throws is not stored.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only, and there is no
    /// result.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public async Task<BatchLease> GetOrComputeAsync(CallKey key, Func<CancellationToken, Task<A.RecordBatch>> compute,
        MemoOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(compute);
        while (true)
        {
            Cid value = await GetOrStoreAsync(key, async cancel =>
            {
                A.RecordBatch batch = await compute(cancel).ConfigureAwait(false);
                return (StoredContent.Of(_store.Put(batch)), "batch");
            }, options, cancellationToken).ConfigureAwait(false);
            // A block that was removed meanwhile is computed again.
            if (_store.TryGet(value) is { } lease) return lease;
        }
    }
}
