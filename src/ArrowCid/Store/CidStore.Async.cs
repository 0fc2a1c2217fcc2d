namespace ArrowCid;

/// <summary>What may take long, on a thread of the pool.</summary>
public sealed partial class CidStore
{
    /// <summary>Does what <see cref="Open"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Open"/>
    public static Task<CidStore> OpenAsync(string? directory = null, CidStoreOptions? options = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Open(directory, options, progress, cancellationToken), cancellationToken);

    /// <summary>Does what <see cref="Flush"/> does, on a thread of the pool.</summary>
    /// <param name="cancellationToken">Cancels the call before the flush begins; a flush that has begun ends by
    /// itself.</param>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    /// <inheritdoc cref="Flush"/>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Task.Run(Flush, cancellationToken);
}
