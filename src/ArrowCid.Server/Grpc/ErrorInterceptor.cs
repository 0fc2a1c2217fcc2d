using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Grpc;

/// <summary>Gives every end of a call as a gRPC status, with ArrowCid's own error as a trailer.</summary>
internal sealed partial class ErrorInterceptor(GrpcSettings settings) : Interceptor
{
    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            if (settings.Stopping.IsCancellationRequested) throw Stopping();
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw await StatusOf(e, context).ConfigureAwait(false);
        }
    }

    private async ValueTask<RpcException> StatusOf(Exception error, ServerCallContext context)
    {
        switch (error)
        {
            case RpcException e:
                return With(e.StatusCode, e.Status.Detail, null);
            case MemoryExhaustedException e:
                return With(StatusCode.ResourceExhausted, e.Message, ErrorCode.Busy);
            case ArrowCidException e:
                return With((StatusCode)ErrorTable.GrpcStatus(e.Code), Remedy.Join(e.Message, e.Remedy),
                    e.Code);
        }

        if (context.CancellationToken.IsCancellationRequested) return With(StatusCode.Cancelled, error.Message, null);
        if (settings.Stopping.IsCancellationRequested && error is OperationCanceledException or ObjectDisposedException)
            return Stopping();
        HttpContext http = context.GetHttpContext();
        if (await ClientGone.EndAsync(http, error).ConfigureAwait(false))
            return With(StatusCode.Cancelled, error.Message, null);
        LogFault(settings.Log, http.Request.Path.Value, error);
        return With(StatusCode.Unknown, "the server met a fault of its own; its log has it", null);
    }

    private static RpcException Stopping() =>
        With(StatusCode.Unavailable, "the server is going down; try again elsewhere or later", null);

    private static RpcException With(StatusCode status, string message, ErrorCode? code)
    {
        Metadata trailers = code is { } error
            ? new Metadata { { FlightNames.ErrorTrailer, error.ToString() } }
            : Metadata.Empty;
        return new RpcException(new Status(status, StatusMessage.Cut(message)), trailers);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    private static partial void LogFault(ILogger log, string? path, Exception fault);
}
