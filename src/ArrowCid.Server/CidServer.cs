using System.Diagnostics;
using System.Net;
using ArrowCid.Flight.Limits;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using ArrowCid.Server.Http;
using ArrowCid.Server.Limits;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server;

/// <summary>A store as a service: Arrow Flight on one port, the IPFS gateway and the HTTP API on another.</summary>
public sealed partial class CidServer : IAsyncDisposable
{
    private const string LogCategory = "arrowcid.serve";

    // Calls end by themselves once they hear of the end; this is for those that do not: whose client does not read, or
    // that are at a long file. Kestrel waits as long again, and a second at most, for those that it then cuts off.
    private static readonly TimeSpan s_mostAtEnd = TimeSpan.FromSeconds(0.5);

    private readonly WebApplication _host;
    private readonly Stack<IDisposable> _owned;
    private readonly ILogger _log;
    private long _ending;

    private CidServer(WebApplication host, EndPoint? flight, EndPoint? http, Stack<IDisposable> owned)
    {
        (_host, Flight, Http, _owned) = (host, flight, http, owned);
        _log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
    }

    /// <summary>Where Flight is served, with the port that was taken; null where it is not.</summary>
    public EndPoint? Flight { get; }

    /// <summary>Where HTTP is served, with the port that was taken; null where it is not.</summary>
    public EndPoint? Http { get; }

    /// <summary>The path of every gRPC call that is answered.</summary>
    internal IEnumerable<string> FlightPaths => FlightHosting.PathsOf(_host.Services);

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
        return StartAsync(() => store, options, cancellationToken);
    }

    /// <summary>Starts to listen, opens a store, and serves it. While the store is opened, which takes long where it
    /// has to be recovered, <c>/ready</c> and every call but <c>/health</c> answer 503 (UNAVAILABLE over
    /// Flight).</summary>
    /// <param name="open">Opens the store, on another thread. The store stays the caller's, who closes it after the
    /// server.</param>
    /// <param name="options">Where to listen and whom to serve; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the start, but not a running <paramref name="open"/>.</param>
    /// <returns>A server that takes calls, once the store is open.</returns>
    /// <exception cref="IOException">An address is taken or not this machine's.</exception>
    /// <exception cref="ArrowCidException">As for the other overload, or the store cannot be opened.</exception>
    public static async Task<CidServer> StartAsync(Func<CidStore> open, CidServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        options ??= new CidServerOptions();
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
        ServerListening.Configure(builder.WebHost, options);
        var flight = new FlightHosting();
        flight.Register(builder.Services);
        builder.Services.AddStoreHealth();
        builder.Services.AddCompression();
        var owned = new Stack<IDisposable>();
        var proofs = CallerProofs.Open(options.Access);
        owned.Push(proofs);
        builder.Services.AddCallerAuthentication(proofs);
        WebApplication host = builder.Build();
        try
        {
            options.RequireSafe(proofs.HasTokens);
            RequestDelegate serve = new StoreOpening(host.Services.GetRequiredService<HealthCheckService>()).Answer;
            host.Run(context => Volatile.Read(ref serve)(context));
            // The host comes back to the context that it was called in, where the caller may block on this.
            await Task.Run(() => host.StartAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            CidStore store = await Task.Run(open, cancellationToken).ConfigureAwait(false);
            proofs.AcceptLocal(store.IsReadOnly
                ? TokenFile.ReadLocal(store.Directory)
                : TokenFile.ReadOrMakeLocal(store.Directory));
            EndPoint[] bound = Addresses(host, options);
            Volatile.Write(ref serve, Build(host, store, options, owned, flight, bound));
            if (options.Otlp is { } otlp) owned.Push(OtlpExport.Start(otlp));
            return new CidServer(host, options.Flight is null ? null : bound[0],
                options.Http is null ? null : bound[^1], owned);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            while (owned.TryPop(out IDisposable? each)) each.Dispose();
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
        await Task.Run(() => _host.DisposeAsync().AsTask()).ConfigureAwait(false);
        while (_owned.TryPop(out IDisposable? each)) each.Dispose();
    }

    /// <summary>Logs how far the end is, also of what the server's owner ends after it.</summary>
    internal void SayEnding(string step) =>
        LogEnding(_log, step, (long)Stopwatch.GetElapsedTime(Volatile.Read(ref _ending)).TotalMilliseconds);

    [LoggerMessage(10, LogLevel.Information, "ending: {Step}, {Milliseconds} ms")]
    private static partial void LogEnding(ILogger log, string step, long milliseconds);

    [LoggerMessage(11, LogLevel.Warning,
        "others than its owner may read the private key {File}; chmod 600 it, and renew it where they should not have")]
    private static partial void LogOpenKey(ILogger log, string file);

    /// <summary>Returns what answers the requests of an open store.</summary>
    private static RequestDelegate Build(WebApplication host, CidStore store, CidServerOptions options,
        Stack<IDisposable> owned, FlightHosting flight, EndPoint[] bound)
    {
        ILogger log = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
        ServerCounters counters = host.Services.GetRequiredService<ServerCounters>();
        var gate = new AccessGate(options.Access, log, counters);
        owned.Push(gate);
        if (options.Tls?.OpenKey is { } key) LogOpenKey(log, key);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings
        {
            CallsPerSecond = options.CallsPerSecond,
            Streams = options.StreamsPerClient,
        }, TimeProvider.System, counters));
        CancellationToken stopping = host.Lifetime.ApplicationStopping;
        host.Services.GetRequiredService<StoreHealth>().Serve(store, stopping);
        var origins = new OriginRules(options.Hosts, options.Origins);
        var http = new HttpService(store, guard, origins, log, stopping, counters)
        {
            MaxRequestBytes = options.MaxRequestBytes,
            PublicUrl = options.PublicUrl,
            Settings = ServerSetting.Of(options),
        };
        owned.Push(http);
        RequestDelegate calls = flight.Build(host.Services, store, guard, http.Live, Gateway, new GrpcSettings
        {
            StallPatience = options.StallPatience,
            AnonymousPatience = options.AnonymousPatience,
            Unread = options.UnreadTimeout is { } unread ? new UnreadLimit(unread, options.Time) : null,
            Log = log,
            Stopping = stopping,
            Memory = new ServerMemory(options.MaxBufferedBytes),
        }, options.GrpcWeb);
        foreach (string path in FlightHosting.PathsOf(host.Services))
        {
            if (path.StartsWith(FlightCalls.Prefix, StringComparison.Ordinal))
                http.Metrics.Expect(CallerConnection.Flight, path[FlightCalls.Prefix.Length..], "0");
        }

        var app = new ApplicationBuilder(host.Services);
        app.UseCallerAuthentication();
        app.UseWhen(ServerListening.IsFlight, branch => branch.Run(calls));
        if (options.GrpcWeb) app.UseWhen(GrpcWebPort.IsCall, branch => GrpcWebPort.Use(branch, origins, calls));
        app.UseCompression();
        app.Use(next => context => PathNames.Take(context, next));
        app.UseRouting();
        app.Use(next => context => HttpRoutes.Unknown(context, next));
        app.UseEndpoints(endpoints => HttpRoutes.Map(endpoints, http));
        return app.Build();

        string? Gateway()
        {
            if (options.PublicUrl is { } url) return url.ToString().TrimEnd('/');
            string scheme = options.Tls is null ? "http" : "https";
            return options.Http is IPEndPoint ? $"{scheme}://{bound[^1]}" : null;
        }
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
