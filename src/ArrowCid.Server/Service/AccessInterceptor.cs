using ArrowCid.Server.Access;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ArrowCid.Server.Service;

/// <summary>Lets a call begin, before its first message is read, and counts it for its client while it runs.</summary>
internal sealed class AccessInterceptor(FlightGate gate) : Interceptor
{
    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using Permit permit = gate.Enter(context.GetHttpContext(), context.Method);
        await continuation(requestStream, responseStream, context).ConfigureAwait(false);
    }
}
