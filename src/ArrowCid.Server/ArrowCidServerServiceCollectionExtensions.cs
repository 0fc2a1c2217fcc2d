using ArrowCid;
using ArrowCid.Flight.Limits;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using ArrowCid.Server.Grpc;
using ArrowCid.Server.Http;
using ArrowCid.Server.Limits;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the server of a store in an ASP.NET Core host.</summary>
public static class ArrowCidServerServiceCollectionExtensions
{
    /// <summary>Registers the services of <c>MapArrowCidFlight</c>, <c>MapArrowCidGateway</c> and
    /// <c>MapArrowCidApi</c>. The store is the one that <c>AddArrowCid</c> registers, or
    /// <see cref="ArrowCidServerOptions.Store"/>. Also sets what Flight needs of Kestrel's HTTP/2 limits and data
    /// rates; what the host configures afterwards has precedence.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options; null: the defaults.</param>
    /// <returns>The services of the host.</returns>
    public static IServiceCollection AddArrowCidServer(this IServiceCollection services,
        Action<ArrowCidServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<ArrowCidServerOptions> options = services.AddOptions<ArrowCidServerOptions>();
        if (configure is not null) _ = options.Configure(configure);
        bool isKnown = services.Any(static one => one.ServiceType == typeof(ServerStart));
        if (isKnown) return services;
        services.TryAddSingleton<ServerOptions>(static provider =>
            provider.GetRequiredService<IOptions<ArrowCidServerOptions>>().Value);
        services.TryAddSingleton(static provider => new StoreSource(() => Find(provider)));
        AddAccess(services);
        AddRoutes(services);
        services.AddGrpcOverPipes<FlightCalls>(static provider => provider.GetRequiredService<GrpcSettings>());
        services.AddSingleton(SettingsOf);
        services.AddSingleton(static provider =>
        {
            HttpService http = provider.GetRequiredService<HttpService>();
            return FlightServices.Create(http.Store, provider.GetRequiredService<FlightGate>(), http.Live,
                http.Channels, http.Counters, () => http.GatewayUrl,
                provider.GetRequiredService<ServerOptions>().AnonymousPatience);
        });
        services.AddSingleton<ServerStart>();
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<ServerStart>());
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, StreamLimits>();
        return services;
    }

    private static void AddAccess(IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<ServerCounters>();
        services.AddSingleton(static provider =>
            CallerProofs.Open(provider.GetRequiredService<ServerOptions>().Access));
        services.AddSingleton(static provider => new AccessGate(provider.GetRequiredService<ServerOptions>().Access,
            LogOf(provider), provider.GetRequiredService<ServerCounters>()));
        services.AddSingleton(static provider =>
        {
            ServerOptions options = provider.GetRequiredService<ServerOptions>();
            return new Guard(provider.GetRequiredService<AccessGate>(), new ClientLimits(new LimitSettings
            {
                CallsPerSecond = options.CallsPerSecond,
                Streams = options.StreamsPerClient,
            }, TimeProvider.System, provider.GetRequiredService<ServerCounters>()));
        });
        services.AddSingleton(static provider =>
        {
            ServerOptions options = provider.GetRequiredService<ServerOptions>();
            return new OriginRules(options.Hosts, options.Origins);
        });
        services.AddSingleton<FlightGate>();
        services.AddCors();
    }

    private static void AddRoutes(IServiceCollection services)
    {
        services.AddRouting();
        services.AddSingleton<PathNamesFilter>();
        services.AddSingleton<IStartupFilter>(static provider => provider.GetRequiredService<PathNamesFilter>());
        services.AddSingleton(static provider =>
            new StoreHealth(provider.GetRequiredService<StoreSource>(), StoppingOf(provider)));
        services.AddSingleton<HttpPipeline>();
        services.AddSingleton<FlightPipeline>();
        services.AddSingleton(static provider =>
        {
            ServerOptions options = provider.GetRequiredService<ServerOptions>();
            return new HttpService(provider.GetRequiredService<StoreSource>(), provider.GetRequiredService<Guard>(),
                provider.GetRequiredService<OriginRules>(), LogOf(provider),
                provider.GetRequiredService<ServerCounters>(), StoppingOf(provider))
            {
                Time = options.Time,
                MaxRequestBytes = options.MaxRequestBytes,
                PublicUrl = options.PublicUrl,
                Pinning = options.Pinning,
                GatewayUrl = options.PublicUrl?.ToString().TrimEnd('/'),
                Settings = ServerSetting.Of(options),
            };
        });
    }

    private static GrpcSettings SettingsOf(IServiceProvider provider)
    {
        ServerOptions options = provider.GetRequiredService<ServerOptions>();
        return FlightServices.For(new GrpcSettings
        {
            StallPatience = options.StallPatience,
            AnonymousPatience = options.AnonymousPatience,
            Unread = options.UnreadTimeout is { } unread ? new UnreadLimit(unread, options.Time) : null,
            Log = LogOf(provider),
            Stopping = StoppingOf(provider),
            Memory = new ServerMemory(options.MaxBufferedBytes),
        }, provider.GetRequiredService<FlightGate>(), provider.GetRequiredService<ServerCounters>());
    }

    private static CidStore Find(IServiceProvider provider)
    {
        ArrowCidServerOptions options = provider.GetRequiredService<IOptions<ArrowCidServerOptions>>().Value;
        if (options.Store is { } store) return store;
        return (options.StoreName is { } name
            ? provider.GetKeyedService<CidStore>(name)
            : provider.GetService<CidStore>()) ?? throw new InvalidOperationException(
                "AddArrowCidServer: there is no store; register it with AddArrowCid, or set Store in the options");
    }

    private static ILogger LogOf(IServiceProvider provider) =>
        provider.GetRequiredService<ILoggerFactory>().CreateLogger(CidServer.LogCategory);

    private static CancellationToken StoppingOf(IServiceProvider provider) =>
        provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
}
