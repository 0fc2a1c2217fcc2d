using ArrowCid.Flight.Grpc;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ArrowCid.Server.Service;

/// <summary>The gRPC services of a host: Flight, health and reflection.</summary>
internal sealed class FlightHosting
{
    private FlightCalls? _endpoint;
    private GrpcSettings? _settings;

    /// <summary>Registers the services. They are made by <see cref="Build"/>, once the host is.</summary>
    public void Register(IServiceCollection services)
    {
        services.AddGrpcOverPipes(() => _settings!, outer: typeof(MeasuredCall), inner: typeof(AccessInterceptor));
        services.AddSingleton<ServerCounters>();
        services.AddSingleton<MeasuredCall>();
        services.AddSingleton(_ => new AccessInterceptor(_endpoint!.Gate));
        services.AddSingleton(_ => _endpoint!);
        services.AddCors();
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(health => health.Services.Map(FlightNames.Service, static _ => true));
    }

    /// <summary>Makes the services of a store.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="store">The store.</param>
    /// <param name="guard">Decides who may call.</param>
    /// <param name="live">The announcements that all watchers share.</param>
    /// <param name="gateway">Returns the URL of the HTTP gateway, or null.</param>
    /// <param name="settings">Settings of every call; its limits are those of Flight.</param>
    /// <param name="hasWeb">Whether requests of gRPC-Web are answered too.</param>
    /// <returns>What answers the requests.</returns>
    public RequestDelegate Build(IServiceProvider services, CidStore store, Guard guard, LiveAnnouncements live,
        Func<string?> gateway, GrpcSettings settings, bool hasWeb)
    {
        var gate = new FlightGate(guard);
        ServerCounters counters = services.GetRequiredService<ServerCounters>();
        var streams = new BlockStreams(store);
        _endpoint = new FlightCalls
        {
            Gate = gate,
            Infos = new InfoCalls(store, gate, streams) { Gateway = gateway },
            Actions = new ActionCalls(store, gate),
            Gets = new GetCalls(store, gate, streams, new WatchStream(store, live), counters),
            Puts = new PutCalls(store, gate, counters),
            Exchanges = new ExchangeCalls(store, counters, settings.AnonymousPatience),
        };
        _settings = settings with
        {
            LimitOf = http => FlightLimits.Of(http.Request.Path.Value!, () => gate.IsKnown(http)),
            IsAnonymous = FlightGate.IsAnonymous,
        };
        // A builder of its own: these routes are not those of the HTTP port.
        var app = new ApplicationBuilder(services);
        app.UseRouting();
        if (hasWeb) app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
        app.UseEndpoints(static endpoints =>
        {
            endpoints.MapGrpcService<FlightCalls>();
            endpoints.MapGrpcHealthChecksService();
            endpoints.MapGrpcReflectionService();
        });
        return app.Build();
    }

    /// <summary>Returns the path of every call that a host answers.</summary>
    public static IEnumerable<string> PathsOf(IServiceProvider services) =>
        services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName)
            .OfType<string>();
}
