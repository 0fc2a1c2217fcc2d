using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ArrowCid.Flight.Http;

/// <summary>What is served over HTTP.</summary>
internal static class HttpRoutes
{
    public static void Map(IEndpointRouteBuilder routes, HttpService service) =>
        routes.MapGet("/health",
            context => context.Response.WriteAsync(service.Store.IsReadOnly ? "read-only\n" : "ok\n"));
}
