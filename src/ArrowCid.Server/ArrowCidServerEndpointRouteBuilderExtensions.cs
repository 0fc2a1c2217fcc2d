using ArrowCid.Flight.Protocol;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using ArrowCid.Server.Http;
using ArrowCid.Server.Service;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps what serves a store. Each route checks the token and the scope of its caller itself; conventions of
/// the host, such as <c>RequireAuthorization</c>, can only restrict it further. Routes are mapped at the root of the
/// host, at most once.</summary>
public static class ArrowCidServerEndpointRouteBuilderExtensions
{
    /// <summary>Maps Arrow Flight, which needs HTTP/2: over TLS, or on a port of HTTP/2 alone.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <returns>Adds conventions to the calls.</returns>
    public static IEndpointConventionBuilder MapArrowCidFlight(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        HttpService http = ServiceOf(endpoints);
        GrpcServiceEndpointConventionBuilder calls = endpoints.MapGrpcService<PipeService<FlightCalls>>();
        calls.Add(builder =>
        {
            // The library's reflection finds the definition of a service by its class.
            if (builder.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault() is not { } method) return;
            builder.Metadata.Remove(method);
            builder.Metadata.Add(new GrpcMethodMetadata(typeof(FlightCalls), method.Method));
        });
        foreach (MethodDescriptor method in FlightService.Descriptor.Methods)
            http.Metrics.Expect(CallerConnection.Flight, method.Name, "0");
        return calls.PassPipeline(endpoints);
    }

    /// <summary>Maps the IPFS gateway: <c>/ipfs</c>, and <c>/routing/v1/providers</c>.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <returns>Adds conventions to the routes.</returns>
    public static IEndpointConventionBuilder MapArrowCidGateway(this IEndpointRouteBuilder endpoints) =>
        Map(endpoints, RouteKind.Gateway);

    /// <summary>Maps the HTTP API: <c>/v1</c>, and <c>/health</c>, <c>/ready</c>, <c>/metrics</c> and <c>/config</c>
    /// where the host has no such route itself. With <c>Pinning</c> in the options also
    /// <c>/v1/pinning</c>.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <returns>Adds conventions to the routes.</returns>
    public static IEndpointConventionBuilder MapArrowCidApi(this IEndpointRouteBuilder endpoints)
    {
        IEndpointConventionBuilder routes = Map(endpoints, RouteKind.Api, RouteKind.Pinning, RouteKind.Operation);
        endpoints.ServiceProvider.GetRequiredService<PathNamesFilter>().HasApi = true;
        return routes;
    }

    /// <summary>Maps the explorer, which shows the store in a browser, at <c>/</c> where the host has no such route
    /// itself.</summary>
    /// <param name="endpoints">The routes of the host.</param>
    /// <returns>Adds conventions to the routes.</returns>
    public static IEndpointConventionBuilder MapArrowCidPage(this IEndpointRouteBuilder endpoints) =>
        Map(endpoints, RouteKind.Page);

    /// <summary>Lets calls of gRPC pass the pipeline of the server.</summary>
    internal static IEndpointConventionBuilder PassPipeline(this IEndpointConventionBuilder calls,
        IEndpointRouteBuilder endpoints)
    {
        FlightPipeline pipeline = endpoints.ServiceProvider.GetRequiredService<FlightPipeline>();
        calls.Add(builder => builder.RequestDelegate = pipeline.Of(builder.RequestDelegate!));
        return calls;
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, params RouteKind[] kinds)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        HttpService service = ServiceOf(endpoints);
        HttpPipeline pipeline = endpoints.ServiceProvider.GetRequiredService<HttpPipeline>();
        return HttpRoutes.Map(endpoints, service, pipeline.Of, kinds);
    }

    private static HttpService ServiceOf(IEndpointRouteBuilder endpoints) =>
        endpoints.ServiceProvider.GetService<HttpService>() ?? throw new InvalidOperationException(
            "the services of the server are missing; call services.AddArrowCidServer() before the host is built");
}
