using System.Globalization;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArrowCid.Server.Grpc;

/// <summary>Runs calls over the request's own pipes, within the limits of the server.</summary>
/// <param name="settings">The settings of every call.</param>
internal sealed class PipeCallRunner(GrpcSettings settings)
{
    // Ours alone: those that are registered with the library are the host's, for all of its services.
    private readonly Interceptor[] _interceptors =
    [
        .. new[] { settings.Inner, new ErrorInterceptor(settings), settings.Outer }.OfType<Interceptor>(),
    ];

    /// <summary>Runs one call.</summary>
    /// <param name="requests">The requests, as the library sees them: none is read.</param>
    /// <param name="responses">The responses, likewise.</param>
    /// <param name="context">The call, as the library sees it.</param>
    /// <param name="service">The service.</param>
    /// <param name="run">The method.</param>
    /// <exception cref="RpcException">The call did not end with OK.</exception>
    public Task RunAsync<TService>(IAsyncStreamReader<object> requests, IServerStreamWriter<object> responses,
        ServerCallContext context, TService service, Func<TService, GrpcCall, ServerCallContext, Task> run)
    {
        DuplexStreamingServerMethod<object, object> method = (_, _, call) => RunAsync(call, service, run);
        foreach (Interceptor each in _interceptors)
        {
            DuplexStreamingServerMethod<object, object> next = method;
            method = (asked, answered, call) => each.DuplexStreamingServerHandler(asked, answered, call, next);
        }

        return method(requests, responses, context);
    }

    private async Task RunAsync<TService>(ServerCallContext context, TService service,
        Func<TService, GrpcCall, ServerCallContext, Task> run)
    {
        HttpContext http = context.GetHttpContext();
        string? encoding = http.Request.Headers["grpc-encoding"];
        if (encoding is not (null or "identity" or "gzip" or "deflate"))
        {
            http.Response.Headers["grpc-accept-encoding"] = "identity,deflate,gzip";
            throw new GrpcException(StatusCode.Unimplemented,
                $"grpc-encoding {encoding} is not known; identity, deflate and gzip are");
        }

        MessageLimit limit = settings.LimitOf(http);
        using MemoryAccount memory = settings.Memory.Open(limit.IsUpload);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var call = new GrpcCall(http, limit, memory, encoding, ends.Token, settings.Stopping);
        if (settings.Unread is { } unread && settings.IsAnonymous(http))
            call.Writer.Unread = (unread, () => Reset(http));
        call.Writer.Sent = settings.Sent;
        http.Features.Set(call);
        using var stall = new StallWatch(call.Reader, settings.StallPatience, ends);
        try
        {
            await run(service, call, context).ConfigureAwait(false);
        }
        catch (Exception) when (stall.HasStalled)
        {
            throw new GrpcException(StatusCode.Aborted, string.Create(CultureInfo.InvariantCulture,
                $"a message stood still for {settings.StallPatience.TotalSeconds:0.#} s; send it again"));
        }
        finally
        {
            call.Writer.End();
            call.Writer.ReportSent();
        }
    }

    /// <summary>Ends a call whose answer is not read. A status would come after unread bytes.</summary>
    private static void Reset(HttpContext http)
    {
        const int CancelStream = 8;
        if (http.Features.Get<IHttpResetFeature>() is { } stream) stream.Reset(CancelStream);
        else http.Abort();
    }
}
