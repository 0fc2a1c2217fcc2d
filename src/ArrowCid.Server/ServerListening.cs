using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using ArrowCid.Server.Access;
using ArrowCid.Server.Grpc;
using ArrowCid.Server.Limits;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace ArrowCid.Server;

/// <summary>The ports, and the limits on connections and requests.</summary>
internal static class ServerListening
{
    private const int HeaderBytes = 32 << 10;

    private static readonly object s_flight = new();

    /// <summary>Whether a request came to the Flight port.</summary>
    public static bool IsFlight(HttpContext context)
    {
        IDictionary<object, object?>? items = context.Features.Get<IConnectionItemsFeature>()?.Items;
        ConnectionRules.HasRequest(items);
        return items?.ContainsKey(s_flight) == true;
    }

    public static void Configure(IWebHostBuilder host, CidServerOptions options)
    {
        // Large blocks and windows are what batches of many megabytes want; a watcher holds a stream and no memory.
        host.ConfigureServices(services => services.AddSingleton<IMemoryPoolFactory<byte>, LargeBlockPool.Factory>());
        host.UseSockets(sockets =>
        {
            sockets.MaxWriteBufferSize = 1 << 20;
            sockets.CreateBoundListenSocket = at => at is UnixDomainSocketEndPoint unix
                ? UnixSocketFile.Bind(unix)
                : Bind(at, at.Equals(options.Flight) ? "flight" : "http");
        });
        HttpsConnectionAdapterOptions? tls = Tls(options);
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytes;
            kestrel.Limits.MaxRequestBodySize = null;
            // Slow senders of headers are let go; of bodies each route says what it waits for.
            kestrel.Limits.RequestHeadersTimeout = options.HeaderPatience;
            if (options.Flight is { } flight)
                Listen(kestrel, flight, HttpProtocols.Http2, tls, options, isFlight: true);
            if (options.Http is { } http)
            {
                bool isPlain = tls is null || http is UnixDomainSocketEndPoint;
                Listen(kestrel, http, isPlain ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2, tls, options);
            }
        });
    }

    private static Socket Bind(EndPoint at, string setting)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(at);
        }
        catch (SocketException e)
        {
            string why = e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the port is taken; name another, or port 0 for a free one",
                SocketError.AccessDenied => "this user may not listen there; name a port from 1024 on",
                SocketError.AddressNotAvailable => "the address is not one of this machine's",
                _ => e.Message,
            };
            throw new IOException($"{setting} {at}: {why}", e);
        }
    }

    private static void Listen(KestrelServerOptions kestrel, EndPoint at, HttpProtocols protocols,
        HttpsConnectionAdapterOptions? tls, CidServerOptions options, bool isFlight = false) =>
        kestrel.Listen(at, listen => Set(listen, at, protocols, tls, options, isFlight));

    private static void Set(ListenOptions listen, EndPoint at, HttpProtocols protocols,
        HttpsConnectionAdapterOptions? tls, CidServerOptions options, bool isFlight)
    {
        listen.Protocols = protocols;
        var rules = new ConnectionRules(options.MaxConnections, options.ConnectionPatience, options.Time);
        // Only HTTP/2 begins with bytes that are known.
        int first = protocols == HttpProtocols.Http2 ? ConnectionRules.Http2Preface : 1;
        // A Unix socket is its file's owner's, and never leaves the machine.
        bool hasTls = tls is not null && at is IPEndPoint;
        listen.Use(rules.Accept);
        if (isFlight)
        {
            listen.Use(next => connection =>
            {
                connection.Items[s_flight] = s_flight;
                return next(connection);
            });
        }

        if (hasTls)
        {
            listen.Use(next => rules.Await(next, 1));
            listen.UseHttps(tls!);
        }

        listen.Use(next => rules.Await(next, first));
    }

    private static HttpsConnectionAdapterOptions? Tls(CidServerOptions options)
    {
        if (options.Tls is not { } files) return null;
        var tls = new HttpsConnectionAdapterOptions
        {
            ServerCertificate = files.Load(),
            ServerCertificateChain = files.Chain(),
        };
        if (files.ClientAuthority is null) return tls;
        X509Certificate2Collection authorities = files.Authorities();
        tls.ClientCertificateMode = files.RequiresClient
            ? ClientCertificateMode.RequireCertificate
            : ClientCertificateMode.AllowCertificate;
        tls.ClientCertificateValidation = (certificate, _, _) => TlsFiles.IsOf(certificate, authorities);
        return tls;
    }
}
