using System.Net;
using ArrowCid.Flight.Http;
using ArrowCid.Flight.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Flight;

/// <summary>A store as a service: Arrow Flight on one port, the IPFS gateway and the HTTP API on another.</summary>
public sealed class CidServer : IAsyncDisposable
{
    private readonly WebApplication _host;

    private CidServer(WebApplication host, IPEndPoint? flight, IPEndPoint? http) =>
        (_host, Flight, Http) = (host, flight, http);

    /// <summary>Where Flight is served, with the port that was taken; null where it is not.</summary>
    public IPEndPoint? Flight { get; }

    /// <summary>Where HTTP is served, with the port that was taken; null where it is not.</summary>
    public IPEndPoint? Http { get; }

    /// <summary>Starts to serve a store. The store stays the caller's, who closes it after the server.</summary>
    /// <param name="store">An open store.</param>
    /// <param name="options">Where to listen; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <returns>A server that takes calls.</returns>
    /// <exception cref="IOException">An address is taken or not this machine's.</exception>
    public static async Task<CidServer> StartAsync(CidStore store, CidServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new CidServerOptions();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (options.Flight is { } flight)
                kestrel.Listen(flight, listen => listen.Protocols = HttpProtocols.Http2);
            if (options.Http is { } http)
                kestrel.Listen(http, listen => listen.Protocols = HttpProtocols.Http1);
        });
        WebApplication host = builder.Build();
        IPEndPoint[] bound = [];
        host.UseWhen(context => IsFlight(context, bound, options), branch => branch.Run(new FlightCalls(store).Serve));
        host.UseRouting();
        HttpRoutes.Map(host, store);
        host.UseEndpoints(_ => { });
        await host.StartAsync(cancellationToken).ConfigureAwait(false);
        bound = Addresses(host);
        return new CidServer(host, options.Flight is null ? null : bound[0], options.Http is null ? null : bound[^1]);
    }

    /// <summary>Ends the calls and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync().ConfigureAwait(false);
        await _host.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsFlight(HttpContext context, IPEndPoint[] bound, CidServerOptions options) =>
        options.Flight is not null && bound.Length > 0 && context.Connection.LocalPort == bound[0].Port;

    private static IPEndPoint[] Addresses(WebApplication host) =>
    [
        .. host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(text => new Uri(text)).Select(uri => new IPEndPoint(IPAddress.Parse(uri.DnsSafeHost), uri.Port)),
    ];
}
