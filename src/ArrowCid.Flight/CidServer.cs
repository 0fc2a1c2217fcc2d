using System.Net;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Http;
using ArrowCid.Flight.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Flight;

/// <summary>A store as a service: Arrow Flight on one port, the IPFS gateway and the HTTP API on another.</summary>
public sealed class CidServer : IAsyncDisposable
{
    private const string LogCategory = "arrowcid.serve";

    // Streams end by themselves once they hear of the end; this is for those that do not.
    private static readonly TimeSpan s_mostAtEnd = TimeSpan.FromSeconds(3);

    private readonly WebApplication _host;
    private readonly IDisposable[] _owned;

    private CidServer(WebApplication host, IPEndPoint? flight, IPEndPoint? http, params IDisposable[] owned) =>
        (_host, Flight, Http, _owned) = (host, flight, http, owned);

    /// <summary>Where Flight is served, with the port that was taken; null where it is not.</summary>
    public IPEndPoint? Flight { get; }

    /// <summary>Where HTTP is served, with the port that was taken; null where it is not.</summary>
    public IPEndPoint? Http { get; }

    /// <summary>Starts to serve a store. The store stays the caller's, who closes it after the server.</summary>
    /// <param name="store">An open store.</param>
    /// <param name="options">Where to listen and whom to serve; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <returns>A server that takes calls.</returns>
    /// <exception cref="IOException">An address is taken or not this machine's.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: a setting is wrong, a file of
    /// tokens or certificates cannot be read, or an address beyond this machine is asked for without TLS or
    /// tokens.</exception>
    public static async Task<CidServer> StartAsync(CidStore store, CidServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new CidServerOptions();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (options.Log != ServerLog.None)
            builder.Logging.AddProvider(new StandardErrorLog(options.Log, Console.Error));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Signals are for the process, not for a part of it.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_mostAtEnd);
        ServerListening.Configure(builder.WebHost, options);
        WebApplication host = builder.Build();
        ILogger log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
        AccessGate gate = AccessGate.Open(options.Access, store.IsReadOnly
            ? TokenFile.ReadLocal(store.Directory)
            : TokenFile.ReadOrMakeLocal(store.Directory), log);
        options.RequireSafe(gate.HasTokens);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings
        {
            CallsPerSecond = options.CallsPerSecond,
            Streams = options.StreamsPerClient,
        }, TimeProvider.System));
        CancellationToken stopping = host.Lifetime.ApplicationStopping;
        var http = new HttpService(store, guard, new OriginRules(options.Hosts, options.Origins), log, stopping)
        {
            MaxRequestBytes = options.MaxRequestBytes,
            PublicUrl = options.PublicUrl,
        };
        IPEndPoint[] bound = [];
        string scheme = options.Tls is null ? "http" : "https";
        GrpcServer flight = FlightCalls.Over(store, guard, () => options.PublicUrl?.ToString().TrimEnd('/')
            ?? (options.Http is null || bound.Length == 0 ? null : $"{scheme}://{bound[^1]}"), log, stopping);
        host.UseWhen(ServerListening.IsFlight, branch => branch.Run(flight.Serve));
        host.UseRouting();
        HttpRoutes.Map(host, http);
        host.UseEndpoints(_ => { });
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            http.Dispose();
            gate.Dispose();
            throw;
        }

        bound = Addresses(host);
        IDisposable[] owned = options.Otlp is { } otlp ? [OtlpExport.Start(otlp), http, gate] : [http, gate];
        return new CidServer(host, options.Flight is null ? null : bound[0], options.Http is null ? null : bound[^1],
            owned);
    }

    /// <summary>Ends the calls and stops listening: streams hear of it and end, within seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync().ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
        foreach (IDisposable each in _owned) each.Dispose();
    }

    private static IPEndPoint[] Addresses(WebApplication host) =>
    [
        .. host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(text => new Uri(text)).Select(uri => new IPEndPoint(IPAddress.Parse(uri.DnsSafeHost), uri.Port)),
    ];

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
