using System.Diagnostics;
using System.Globalization;
using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Http;

/// <summary>What every request passes: rules of origin, the gate, limits, and errors as answers.</summary>
internal sealed partial class RoutePipeline(Route route, HttpService service)
{
    // The value of Retry-After: seconds until a refused client may try again.
    private const string AgainAfter = "2";

    // Slower senders and readers hold memory for nothing.
    private static readonly MinDataRate s_leastRate = new(240, TimeSpan.FromSeconds(20));

    /// <summary>Answers a request.</summary>
    public async Task Serve(HttpContext context)
    {
        try
        {
            await Enter(context).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await End(context, e).ConfigureAwait(false);
        }
    }

    private async Task Enter(HttpContext context)
    {
        if (!await Origins(context).ConfigureAwait(false)) return;
        Permit permit = default;
        if (route.NeedOf(PathNames.IsIn(context)) is { } need)
        {
            permit = service.Guard.Enter(context, need, CallerConnection.Http, $"{route.Method} {route.Pattern}");
            if (!permit.IsGiven)
            {
                await Refuse(context, permit, need).ConfigureAwait(false);
                return;
            }
        }

        using (permit) await Run(context).ConfigureAwait(false);
    }

    private async Task Run(HttpContext context)
    {
        long started = Stopwatch.GetTimestamp();
        service.Counters.Running.Add(1, s_protocol);
        try
        {
            Limit(context);
            if (route.Kind == RouteKind.Api) ApiQuery.Require(context, route.Parameters);
            if (route.Method != "GET" && !route.ServesReadOnly && service.Store.IsReadOnly)
                throw new GatewayException(409, "the store is served for reading only");
            await route.Serve(context).ConfigureAwait(false);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested
            && e is OperationCanceledException or IOException)
        {
            // The client has disconnected.
        }
        catch (Exception e)
        {
            await End(context, e).ConfigureAwait(false);
        }
        finally
        {
            service.Counters.Running.Add(-1, s_protocol);
            if (!route.IsEndless)
            {
                service.Counters.Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, s_protocol,
                    new("route", route.Pattern),
                    new("status", context.Response.StatusCode.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    private void Limit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = route.HasBody ? service.MaxRequestBytes : 0;
        if (!context.Request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal)) return;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } body) body.MinDataRate = s_leastRate;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } answer) answer.MinDataRate = s_leastRate;
    }

    /// <summary>Applies the rules against pages of other origins.</summary>
    /// <returns>False where the request was answered.</returns>
    private async Task<bool> Origins(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (route.Kind == RouteKind.Gateway)
        {
            Cors.Open(response);
            return true;
        }

        if (!service.Origins.IsHost(context.Request.Host))
        {
            response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            await Say(context, ErrorCode.AccessDenied,
                "the request's Host is not a name of this server; the server's setting hosts adds names")
                .ConfigureAwait(false);
            return false;
        }

        string origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0) return true;
        if (!service.Origins.IsOrigin(origin) && !IsOwn(context, origin))
        {
            response.StatusCode = StatusCodes.Status403Forbidden;
            await Say(context, ErrorCode.AccessDenied,
                "pages of this origin may not call; the server's setting origins admits them").ConfigureAwait(false);
            return false;
        }

        Cors.Allow(response, origin);
        return true;
    }

    private static bool IsOwn(HttpContext context, string origin) =>
        origin.Equals($"{context.Request.Scheme}://{context.Request.Host}", StringComparison.OrdinalIgnoreCase);

    private Task Refuse(HttpContext context, in Permit permit, AccessNeed need)
    {
        HttpResponse response = context.Response;
        if (!permit.Decision.IsAllowed)
        {
            bool isKnown = permit.Decision.Refusal is Refusal.SmallScope or Refusal.Role;
            response.StatusCode = isKnown ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized;
            if (!isKnown) response.Headers.WWWAuthenticate = "Bearer realm=\"arrowcid\"";
            return Say(context, ErrorCode.AccessDenied, permit.Decision.Message(need));
        }

        response.StatusCode = StatusCodes.Status429TooManyRequests;
        int seconds = Math.Max(1, (int)Math.Ceiling(permit.RetryAfter.TotalSeconds));
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Say(context, ErrorCode.Busy, "this client asks too much at once; come again later");
    }

    private async Task End(HttpContext context, Exception error)
    {
        if (await ClientGone.EndAsync(context, error).ConfigureAwait(false)) return;
        await Fail(context, error).ConfigureAwait(false);
    }

    private async Task Fail(HttpContext context, Exception error)
    {
        (int status, ErrorCode code, string message) = HttpErrors.Of(error);
        if (code == ErrorCode.BlockCorrupt) service.Counters.Corrupt.Add(1);
        if (status >= StatusCodes.Status500InternalServerError)
            LogFault(service.Log, error, route.Method, route.Pattern, status);
        if (context.Response.HasStarted)
        {
            // The client must not take what it has for the whole.
            context.Abort();
            return;
        }

        bool isOpen = route.Kind == RouteKind.Gateway;
        string origin = context.Response.Headers.AccessControlAllowOrigin.ToString();
        context.Response.Clear();
        if (isOpen) Cors.Open(context.Response);
        else if (origin.Length > 0) Cors.Allow(context.Response, origin);
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = AgainAfter;
        await Say(context, code, message).ConfigureAwait(false);
    }

    private Task Say(HttpContext context, ErrorCode code, string message)
    {
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsHead(context.Request.Method)) return Task.CompletedTask;
        return route.Kind switch
        {
            RouteKind.Api => HttpErrors.WriteJson(response, code, message),
            RouteKind.Pinning => HttpErrors.WriteFailure(response, code, message),
            _ => HttpErrors.WriteText(response, message),
        };
    }

    private static readonly KeyValuePair<string, object?> s_protocol = new("protocol", CallerConnection.Http);

    [LoggerMessage(2, LogLevel.Error, "failed: {Method} {Route} with {Status}")]
    private static partial void LogFault(ILogger log, Exception error, string method, string route, int status);
}
