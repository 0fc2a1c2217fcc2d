using System.Globalization;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Limits;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ArrowCid.Server.Grpc;

/// <summary>Runs calls over the request's own pipes, within the limits of the server.</summary>
internal sealed class PipeCallRunner(GrpcSettings settings)
{
    /// <summary>Runs one call.</summary>
    /// <param name="context">The call, as the library sees it.</param>
    /// <param name="service">The service.</param>
    /// <param name="run">The method.</param>
    /// <exception cref="RpcException">The call did not end with OK.</exception>
    public async Task RunAsync<TService>(ServerCallContext context, TService service,
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
