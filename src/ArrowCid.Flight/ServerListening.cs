using System.Net;
using System.Security.Cryptography.X509Certificates;
using ArrowCid.Flight.Access;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ArrowCid.Flight;

/// <summary>The ports, and how much is taken from whoever connects.</summary>
internal static class ServerListening
{
    private const int MostConnections = 16_384;
    private const int HeaderBytes = 32 << 10;

    public static void Configure(IWebHostBuilder host, CidServerOptions options)
    {
        HttpsConnectionAdapterOptions? tls = Tls(options);
        host.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytes;
            kestrel.Limits.MaxRequestBodySize = null;
            // Slow senders of headers are let go; of bodies each route says what it waits for.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            if (options.Flight is { } flight) Listen(kestrel, flight, HttpProtocols.Http2, tls);
            if (options.Http is { } http)
                Listen(kestrel, http, tls is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2, tls);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, IPEndPoint at, HttpProtocols protocols,
        HttpsConnectionAdapterOptions? tls) => kestrel.Listen(at, listen =>
    {
        listen.Protocols = protocols;
        if (tls is not null) listen.UseHttps(tls);
    });

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
