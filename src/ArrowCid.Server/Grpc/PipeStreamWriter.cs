using Grpc.Core;

namespace ArrowCid.Server.Grpc;

/// <summary>The messages of a response. Each is sent at once unless its options say that it may wait.</summary>
internal sealed class PipeStreamWriter<T>(GrpcCall call) : IServerStreamWriter<T>
    where T : class
{
    /// <inheritdoc/>
    public WriteOptions? WriteOptions { get; set; }

    /// <inheritdoc/>
    public async Task WriteAsync(T message)
    {
        await call.WriteAsync(message).ConfigureAwait(false);
        bool mayWait = WriteOptions is { } options && (options.Flags & WriteFlags.BufferHint) != 0;
        if (!mayWait) await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
    }
}
