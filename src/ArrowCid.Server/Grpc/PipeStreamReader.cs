using Grpc.Core;

namespace ArrowCid.Server.Grpc;

/// <summary>The messages of a request, for a method that takes them one by one.</summary>
internal sealed class PipeStreamReader<T>(GrpcCall call, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    where T : class
{
    private T? _current;

    /// <inheritdoc/>
    public T Current => _current ?? throw new InvalidOperationException("MoveNext has not returned true");

    /// <inheritdoc/>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        // A token of the method's own is given by few.
        using CancellationTokenSource? both = cancellationToken.CanBeCanceled && cancellationToken != call.Cancel
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.Cancel)
            : null;
        _current = await call.NextAsync(marshaller, both?.Token ?? call.Cancel).ConfigureAwait(false);
        // After the first message a client may wait as long as it likes.
        call.Reader.MayPause = true;
        return _current is not null;
    }
}
