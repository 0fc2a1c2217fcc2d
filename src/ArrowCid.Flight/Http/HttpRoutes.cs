using ArrowCid.Flight.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ArrowCid.Flight.Http;

/// <summary>What is served over HTTP.</summary>
internal static class HttpRoutes
{
    /// <summary>Every route there is.</summary>
    public static IReadOnlyList<Route> All(HttpService service)
    {
        var gateway = new Gateway(service.Blocks);
        var routing = new Routing(service.Blocks, service);
        var operations = new Operations(service);
        var list = new ListApi(service);
        return
        [
            new("GET", "/v1/openapi.json", null, RouteKind.Api, Operations.OpenApi),
            new("GET", "/v1/blocks", AccessNeed.List, RouteKind.Api, list.List),
            new("POST", "/v1/blocks", AccessNeed.Put, RouteKind.Api, new PutApi(service).Put),
            new("GET", "/v1/blocks/{cid}", AccessNeed.Fetch, RouteKind.Api, new GetApi(service).Get),
            new("GET", "/v1/blocks/{cid}/info", AccessNeed.List, RouteKind.Api, list.Info),
            new("POST", "/v1/blocks/{cid}/tags", AccessNeed.Put, RouteKind.Api, list.Tag),
            new("GET", "/v1/names", AccessNeed.List, RouteKind.Api, list.Names),
            new("GET", "/v1/names/{name}", AccessNeed.List, RouteKind.Api, list.Name),
            new("PUT", "/v1/names/{name}", AccessNeed.Put, RouteKind.Api, list.SetName),
            new("DELETE", "/v1/names/{name}", AccessNeed.Admin, RouteKind.Api, list.RemoveName),
            new("GET", "/v1/watch", AccessNeed.List, RouteKind.Api, new WatchApi(service).Watch) { IsEndless = true },
            new("GET", "/ipfs/{cid}/{**path}", AccessNeed.Fetch, RouteKind.Gateway, gateway.Serve),
            new("GET", "/routing/v1/providers/{cid}", AccessNeed.Fetch, RouteKind.Gateway, routing.Providers),
            new("GET", "/health", null, RouteKind.Operation, Operations.Health),
            new("GET", "/ready", null, RouteKind.Operation, operations.Ready),
            new("GET", "/metrics", AccessNeed.List, RouteKind.Operation, operations.Figures),
            .. Page.Routes,
        ];
    }

    public static void Map(IEndpointRouteBuilder endpoints, HttpService service)
    {
        foreach (IGrouping<string, Route> same in All(service).GroupBy(route => route.Pattern))
        {
            foreach (Route route in same)
            {
                string[] methods = route.Method == "GET" ? ["GET", "HEAD"] : [route.Method];
                endpoints.MapMethods(route.Pattern, methods, new RoutePipeline(route, service).Serve);
            }

            Route first = same.First();
            endpoints.MapMethods(same.Key, ["OPTIONS"], context => Preflight(context, first, service));
        }
    }

    /// <summary>What a browser asks before it sends what a page wants to.</summary>
    private static Task Preflight(HttpContext context, Route route, HttpService service)
    {
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status204NoContent;
        string origin = context.Request.Headers.Origin.ToString();
        if (route.Kind == RouteKind.Gateway) Cors.Open(response);
        else if (service.Origins.IsOrigin(origin) && service.Origins.IsHost(context.Request.Host.Host))
            Cors.Allow(response, origin);
        return Task.CompletedTask;
    }
}
