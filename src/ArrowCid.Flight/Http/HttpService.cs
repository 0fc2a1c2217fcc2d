using ArrowCid.Flight.Access;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Flight.Http;

/// <summary>What the routes of HTTP share.</summary>
internal sealed class HttpService(CidStore store, Guard guard, OriginRules origins, ILogger log,
    CancellationToken stopping) : IDisposable
{
    public CidStore Store { get; } = store;

    public Guard Guard { get; } = guard;

    public OriginRules Origins { get; } = origins;

    public ILogger Log { get; } = log;

    /// <summary>The server is ending: streams end with what they have.</summary>
    public CancellationToken Stopping { get; } = stopping;

    public long MaxRequestBytes { get; init; }

    public Uri? PublicUrl { get; init; }

    public void Dispose()
    {
    }
}
