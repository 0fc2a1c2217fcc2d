using System.Buffers;
using Grpc.Core;

namespace ArrowCid.Flight.Grpc;

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

/// <summary>The bytes of a message, for a generated parser.</summary>
internal sealed class MessageBytes(ReadOnlyMemory<byte> bytes) : DeserializationContext
{
    /// <inheritdoc/>
    public override int PayloadLength => bytes.Length;

    /// <inheritdoc/>
    public override byte[] PayloadAsNewBuffer() => bytes.ToArray();

    /// <inheritdoc/>
    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(bytes);
}
