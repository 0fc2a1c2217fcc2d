using System.Net;

namespace ArrowCid.Flight;

/// <summary>Where a server listens.</summary>
public sealed class CidServerOptions
{
    /// <summary>Where Flight is served, HTTP/2 without TLS; port 0 takes a free one. Null: no Flight.</summary>
    public IPEndPoint? Flight { get; init; } = new(IPAddress.Loopback, 8815);

    /// <summary>Where the gateway and the HTTP API are served; port 0 takes a free one. Null: no HTTP.</summary>
    public IPEndPoint? Http { get; init; } = new(IPAddress.Loopback, 8816);
}
