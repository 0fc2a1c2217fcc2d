using System.Diagnostics;
using System.Net;
using ArrowCid.Flight.Grpc;
using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using ArrowCid.Server.Grpc;
using ArrowCid.Server.Http;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server;

/// <summary>A store as a service: Arrow Flight on one port, the IPFS gateway and the HTTP API on another.</summary>
public sealed partial class CidServer : IAsyncDisposable
{
    /// <summary>The category of the server's log.</summary>
    internal const string LogCategory = "arrowcid.serve";

    // Calls end by themselves once they hear of the end; this is for those that do not: whose client does not read, or
    // that are at a long file. Kestrel waits as long again, and a second at most, for those that it then cuts off.
    private static readonly TimeSpan s_mostAtEnd = TimeSpan.FromSeconds(0.5);

    private readonly WebApplication _host;
    private readonly IDisposable? _exporter;
    private readonly ILogger _log;
    private long _ending;

    private CidServer(WebApplication host, EndPoint? flight, EndPoint? http, IDisposable? exporter)
    {
        (_host, Flight, Http, _exporter) = (host, flight, http, exporter);
        _log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
    }

    /// <summary>Where Flight is served, with the port that was taken; null where it is not.</summary>
    public EndPoint? Flight { get; }

    /// <summary>Where HTTP is served, with the port that was taken; null where it is not.</summary>
    public EndPoint? Http { get; }

    /// <summary>The path of every gRPC call that is answered.</summary>
    internal IEnumerable<string> FlightPaths => FlightServices.PathsOf(_host.Services);

    /// <summary>Starts to serve a store. The caller keeps the store and closes it after the server.</summary>
    /// <param name="store">An open store.</param>
    /// <param name="options">Where to listen and whom to serve; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <returns>A server that takes calls.</returns>
    /// <exception cref="IOException">An address is taken or not this machine's.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a setting is wrong, a file of
    /// tokens or certificates cannot be read, or an address beyond this machine is asked for without TLS or
    /// tokens.</exception>
    public static Task<CidServer> StartAsync(CidStore store, CidServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return StartAsync(_ => store, options, cancellationToken);
    }

    /// <summary>Starts to listen, opens a store, and serves it. While the store is opened, which takes long where it
    /// has to be recovered, <c>/ready</c> and every call but <c>/health</c> answer 503 (UNAVAILABLE over
    /// Flight).</summary>
    /// <param name="open">Opens the store, on another thread, with the log of the server
    /// (<see cref="CidStoreOptions.LoggerFactory"/>). The caller closes the store after the server.</param>
    /// <param name="options">Where to listen and whom to serve; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the start, but not a running <paramref name="open"/>.</param>
    /// <returns>A server that takes calls, once the store is open.</returns>
    /// <exception cref="IOException">An address is taken or not this machine's.</exception>
    /// <exception cref="ArrowCidException">As for the other overload, or the store cannot be opened.</exception>
    public static async Task<CidServer> StartAsync(Func<ILoggerFactory, CidStore> open,
        CidServerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        options ??= new CidServerOptions();
        WebApplication host = Create(options);
        try
        {
            options.RequireSafe(host.Services.GetRequiredService<CallerProofs>().HasTokens);
            ILoggerFactory logs = host.Services.GetRequiredService<ILoggerFactory>();
            if (options.Tls?.OpenKey is { } key) LogOpenKey(logs.CreateLogger(LogCategory), key);
            host.Run(Build(host, options));
            // The host comes back to the context that it was called in, where the caller may block on this.
            await Task.Run(() => host.StartAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            EndPoint[] bound = Addresses(host, options);
            if (options.Http is IPEndPoint)
            {
                string scheme = options.Tls is null ? "http" : "https";
                host.Services.GetRequiredService<HttpService>().GatewayUrl ??= $"{scheme}://{bound[^1]}";
            }

            CidStore store = await Task.Run(() => open(logs), cancellationToken).ConfigureAwait(false);
            host.Services.GetRequiredService<ServerStart>().Serve(store);
            return new CidServer(host, options.Flight is null ? null : bound[0],
                options.Http is null ? null : bound[^1],
                options.Otlp is { } otlp ? OtlpExport.Start(otlp) : null);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the calls and stops listening: streams hear of it and end, within seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.CompareExchange(ref _ending, Stopwatch.GetTimestamp(), 0) != 0) return;
        SayEnding("nothing new is taken");
        await Task.Run(() => _host.StopAsync()).ConfigureAwait(false);
        SayEnding("listeners and calls have ended");
        // Before the host, which disposes the meter: gauges of a disposed meter are not sent.
        _exporter?.Dispose();
        await Task.Run(() => _host.DisposeAsync().AsTask()).ConfigureAwait(false);
    }

    /// <summary>Logs how far the end is, also of what the server's owner ends after it.</summary>
    internal void SayEnding(string step) =>
        LogEnding(_log, step, (long)Stopwatch.GetElapsedTime(Volatile.Read(ref _ending)).TotalMilliseconds);

    [LoggerMessage(10, LogLevel.Information, "ending: {Step}, {Milliseconds} ms")]
    private static partial void LogEnding(ILogger log, string step, long milliseconds);

    [LoggerMessage(11, LogLevel.Warning,
        "others than its owner may read the private key {File}; chmod 600 it, and renew it where they should not have")]
    private static partial void LogOpenKey(ILogger log, string file);

    private static WebApplication Create(CidServerOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (options.Log != ServerLog.None)
            builder.Logging.AddProvider(new StandardErrorLog(options.Log, Console.Error));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // A start that fails throws; its caller reports it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        // Each unready answer would be an error in the log otherwise.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        // Signals are for the process, not for a part of it.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_mostAtEnd);
        // What ends in an error is its caller's to hear of; the faults of the server are logged by themselves.
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        // The store is opened once the server listens.
        builder.Services.AddSingleton<ServerOptions>(options);
        builder.Services.AddSingleton(new StoreSource());
        builder.Services.AddArrowCidServer();
        ServerListening.Configure(builder.WebHost, options);
        builder.Services.AddHealthChecks().AddCheck<StoreHealth>(StoreHealth.Name);
        builder.Services.AddGrpcHealthChecks(health => health.Services.Map(FlightNames.Service, static _ => true));
        builder.Services.AddGrpcReflection();
        builder.Services.BindAllOverPipes();
        return builder.Build();
    }

    /// <summary>Returns what answers the requests: the calls of Flight on its port, the routes of HTTP on the
    /// other.</summary>
    private static RequestDelegate Build(WebApplication host, CidServerOptions options)
    {
        // Builders of their own: the routes of one port are not those of the other.
        var flight = new ApplicationBuilder(host.Services);
        flight.UseRouting();
        flight.UseEndpoints(static endpoints =>
        {
            endpoints.MapArrowCidFlight();
            endpoints.MapGrpcHealthChecksService().PassPipeline(endpoints);
            endpoints.MapGrpcReflectionService().PassPipeline(endpoints);
        });
        var http = new ApplicationBuilder(host.Services);
        http.UseRouting();
        http.Use(next => context => HttpRoutes.Unknown(context, next));
        http.UseEndpoints(endpoints =>
        {
            endpoints.MapArrowCidGateway();
            endpoints.MapArrowCidApi();
            endpoints.MapArrowCidPage();
            if (!options.GrpcWeb) return;
            endpoints.MapArrowCidFlight();
            endpoints.MapGrpcHealthChecksService().PassPipeline(endpoints);
        });
        var app = new ApplicationBuilder(host.Services);
        StoreSource source = host.Services.GetRequiredService<StoreSource>();
        app.Use(next => context => source.IsOpen ? next(context) : OpeningAnswer.Answer(context));
        RequestDelegate calls = flight.Build();
        app.UseWhen(ServerListening.IsFlight, branch => branch.Run(calls));
        app.Run(http.Build());
        return app.Build();
    }

    private static EndPoint[] Addresses(WebApplication host, CidServerOptions options)
    {
        ICollection<string> texts = host.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses;
        return
        [
            .. new[] { options.Flight, options.Http }.OfType<EndPoint>().Zip(texts, static (asked, text) =>
                asked is IPEndPoint && new Uri(text) is var uri
                    ? new IPEndPoint(IPAddress.Parse(uri.DnsSafeHost), uri.Port)
                    : asked),
        ];
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
