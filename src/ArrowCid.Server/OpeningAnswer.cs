using System.Globalization;
using ArrowCid.Server.Diagnostics;
using ArrowCid.Server.Http;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server;

/// <summary>Answers the requests that come before the store is open.</summary>
internal static class OpeningAnswer
{
    private const string RetryAfter = "1";

    /// <summary>Answers a request: <c>/health</c> with 200, every other with 503, or UNAVAILABLE over gRPC.</summary>
    public static async Task Answer(HttpContext context)
    {
        HttpResponse response = context.Response;
        PathString path = context.Request.Path;
        bool isHttp = !ServerListening.IsFlight(context);
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (isHttp && path == "/health")
        {
            await HttpErrors.WriteText(response, "ok").ConfigureAwait(false);
            return;
        }

        const string Message = StoreHealth.Opening;
        string type = context.Request.ContentType ?? "";
        if (!isHttp || type.StartsWith("application/grpc", StringComparison.Ordinal))
        {
            response.ContentType = isHttp ? type : "application/grpc";
            response.Headers["grpc-status"] = ((int)StatusCode.Unavailable).ToString(CultureInfo.InvariantCulture);
            response.Headers["grpc-message"] = Message;
            return;
        }

        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = RetryAfter;
        await (path.StartsWithSegments("/v1", StringComparison.Ordinal)
            ? HttpErrors.WriteJson(response, ErrorCode.Busy, Message)
            : HttpErrors.WriteText(response, Message)).ConfigureAwait(false);
    }
}
