using ArrowCid.Flight.Protocol;

namespace ArrowCid.Flight.Grpc;

/// <summary>The service <c>grpc.health.v1.Health</c>: serving until the server goes down.</summary>
internal sealed class HealthCalls(params string[] services)
{
    public IEnumerable<KeyValuePair<string, GrpcHandler>> Methods() =>
    [
        new("/grpc.health.v1.Health/Check", Check),
        new("/grpc.health.v1.Health/List", List),
        new("/grpc.health.v1.Health/Watch", Watch),
    ];

    private async Task Check(GrpcCall call)
    {
        HealthCheckRequest request = await call.OnlyAsync(HealthCheckRequest.Parser).ConfigureAwait(false);
        if (!IsKnown(request.Service))
            throw new GrpcException(GrpcStatus.NotFound, $"there is no service {request.Service}");
        await call.Writer.WriteAsync(Of(call), call.Cancel).ConfigureAwait(false);
    }

    private async Task List(GrpcCall call)
    {
        _ = await call.OnlyAsync(HealthListRequest.Parser).ConfigureAwait(false);
        var response = new HealthListResponse();
        foreach (string service in services.Prepend("")) response.Statuses[service] = Of(call);
        await call.Writer.WriteAsync(response, call.Cancel).ConfigureAwait(false);
    }

    private async Task Watch(GrpcCall call)
    {
        HealthCheckRequest request = await call.OnlyAsync(HealthCheckRequest.Parser).ConfigureAwait(false);
        HealthCheckResponse status = IsKnown(request.Service)
            ? Of(call)
            : Says(HealthCheckResponse.Types.ServingStatus.ServiceUnknown);
        await SendAsync(call, status).ConfigureAwait(false);
        using CancellationTokenSource lasting = call.Lasting();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration _ = lasting.Token.UnsafeRegister(
            static source => ((TaskCompletionSource)source!).TrySetResult(), end);
        await end.Task.ConfigureAwait(false);
        call.Cancel.ThrowIfCancellationRequested();
        await SendAsync(call, Says(HealthCheckResponse.Types.ServingStatus.NotServing)).ConfigureAwait(false);
        call.Stopping.ThrowIfCancellationRequested();
    }

    private bool IsKnown(string service) => service.Length == 0 || services.Contains(service);

    private static HealthCheckResponse Of(GrpcCall call) => Says(call.Stopping.IsCancellationRequested
        ? HealthCheckResponse.Types.ServingStatus.NotServing
        : HealthCheckResponse.Types.ServingStatus.Serving);

    private static HealthCheckResponse Says(HealthCheckResponse.Types.ServingStatus status) =>
        new() { Status = status };

    private static async ValueTask SendAsync(GrpcCall call, HealthCheckResponse status)
    {
        await call.Writer.WriteAsync(status, call.Cancel).ConfigureAwait(false);
        await call.Writer.FlushAsync(call.Cancel).ConfigureAwait(false);
    }
}
