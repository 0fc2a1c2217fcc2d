using System.Globalization;
using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ArrowCid.Server.Http;

/// <summary>What is served over HTTP.</summary>
internal static class HttpRoutes
{
    /// <summary>Every route there is.</summary>
    public static IReadOnlyList<Route> All(HttpService service)
    {
        var gateway = new Gateway(service.Blocks);
        var routing = new DelegatedRouting(service.Blocks, service);
        var operations = new Operations(service);
        var list = new ListApi(service);
        return
        [
            new("GET", "/v1/openapi.json", null, RouteKind.Api, Operations.OpenApi),
            new("GET", "/v1/blocks", AccessOperation.List, RouteKind.Api, list.List)
            {
                Parameters = ["filter", "limit"],
            },
            new("POST", "/v1/blocks", AccessOperation.PutBlock, RouteKind.Api, new PutApi(service).Put)
            {
                Parameters = [.. ApiQuery.FactNames, "rowsPerBlock", "types"],
                Success = StatusCodes.Status201Created,
            },
            new("GET", "/v1/blocks/{cid}", AccessOperation.FetchBlock, RouteKind.Api, new GetApi(service).Get)
            {
                Parameters = ["format", "columns"],
            },
            new("DELETE", "/v1/blocks/{cid}", AccessOperation.RemoveBlock, RouteKind.Api, list.Remove)
            {
                Parameters = ["dryRun"],
            },
            new("GET", "/v1/blocks/{cid}/info", AccessOperation.List, RouteKind.Api, list.Info),
            new("POST", "/v1/blocks/{cid}/tags", AccessOperation.Annotate, RouteKind.Api, list.Tag),
            new("GET", "/v1/names", AccessOperation.List, RouteKind.Api, list.Names),
            new("GET", "/v1/names/{name}", AccessOperation.ResolveName, RouteKind.Api, list.Name),
            new("PUT", "/v1/names/{name}", AccessOperation.CreateName, RouteKind.Api, list.SetName),
            new("DELETE", "/v1/names/{name}", AccessOperation.ChangeName, RouteKind.Api, list.RemoveName)
            {
                Success = StatusCodes.Status204NoContent,
            },
            new("GET", "/v1/watch", AccessOperation.List, RouteKind.Api, new WatchApi(service).Watch)
            {
                IsEndless = true,
                Parameters = ["from", "filter"],
            },
            new("GET", "/ipfs/{cid}/{**path}", AccessOperation.FetchBlock, RouteKind.Gateway, gateway.Serve),
            new("GET", "/routing/v1/providers/{cid}", AccessOperation.FetchBlock, RouteKind.Gateway, routing.Providers),
            new("GET", "/health", null, RouteKind.Operation, Operations.Health),
            new("GET", "/ready", null, RouteKind.Operation, Operations.Ready),
            new("GET", "/metrics", AccessOperation.List, RouteKind.Operation, operations.Figures),
            new("GET", "/config", AccessOperation.ReadConfiguration, RouteKind.Operation, operations.Configuration),
            .. Page.Routes,
        ];
    }

    /// <summary>Maps the routes of some kinds.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <param name="service">What the routes share.</param>
    /// <param name="pipeline">What each request passes before its route.</param>
    /// <param name="kinds">The kinds.</param>
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, HttpService service,
        Func<RequestDelegate, RequestDelegate> pipeline, params RouteKind[] kinds)
    {
        RouteGroupBuilder group = endpoints.MapGroup("");
        foreach (IGrouping<string, Route> same in All(service).Where(route => kinds.Contains(route.Kind))
            .GroupBy(route => route.Pattern))
        {
            // Paths such as /health may be the host's own: a route of the host comes first.
            int order = same.First().Kind is RouteKind.Operation or RouteKind.Page ? 1 : 0;
            foreach (Route route in same)
            {
                string[] methods = route.Method == "GET" ? ["GET", "HEAD"] : [route.Method];
                group.MapMethods(route.Pattern, methods, pipeline(new RoutePipeline(route, service).Serve))
                    .WithMetadata(route).WithOrder(order);
                if (route.IsEndless) continue;
                service.Metrics.Expect(CallerConnection.Http, route.Pattern,
                    route.Success.ToString(CultureInfo.InvariantCulture));
            }

            Route first = same.First();
            group.MapMethods(same.Key, ["OPTIONS"], context => Preflight(context, first, service))
                .WithMetadata(first).WithOrder(order);
        }

        return group;
    }

    /// <summary>Answers paths under <c>/v1</c> that are no route as the API answers errors.</summary>
    public static async Task Unknown(HttpContext context, RequestDelegate next)
    {
        Endpoint? endpoint = context.GetEndpoint();
        bool isOurs = endpoint?.Metadata.GetMetadata<Route>() is not null;
        if (isOurs || !context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        HttpResponse response = context.Response;
        // Where there is an endpoint it answers another method, and sets the status and Allow.
        if (endpoint is null) response.StatusCode = StatusCodes.Status404NotFound;
        else await next(context).ConfigureAwait(false);
        if (response.HasStarted) return;
        string message = response.StatusCode == StatusCodes.Status405MethodNotAllowed
            ? $"{context.Request.Method} is not a method of this route; {response.Headers.Allow} are"
            : "there is no such route; /v1/openapi.json lists all";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await HttpErrors.WriteJson(response, ErrorCode.InvalidArgument, message).ConfigureAwait(false);
    }

    /// <summary>What a browser asks before it sends what a page wants to.</summary>
    private static Task Preflight(HttpContext context, Route route, HttpService service)
    {
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status204NoContent;
        string origin = context.Request.Headers.Origin.ToString();
        if (route.Kind == RouteKind.Gateway) Cors.Open(response);
        else if (service.Origins.IsOrigin(origin) && service.Origins.IsHost(context.Request.Host))
            Cors.Allow(response, origin);
        return Task.CompletedTask;
    }
}
