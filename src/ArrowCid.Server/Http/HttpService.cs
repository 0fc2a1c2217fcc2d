using ArrowCid.Server.Access;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Http;

/// <summary>What the routes of HTTP share.</summary>
internal sealed class HttpService : IDisposable
{
    // Beyond it a client is told to come again.
    private static readonly TimeSpan s_mostWait = TimeSpan.FromSeconds(10);

    private readonly LargeBlocks _large;

    public HttpService(CidStore store, Guard guard, OriginRules origins, ILogger log, CancellationToken stopping)
    {
        (Store, Guard, Origins, Log, Stopping) = (store, guard, origins, log, stopping);
        _large = new LargeBlocks(store, s_mostWait, stopping);
        Live = new LiveAnnouncements(store, stopping);
        Metrics = new Metrics(new StoreMetrics(store, () => Live.Watches));
    }

    public CidStore Store { get; }

    /// <summary>What all watchers hear, over Flight too.</summary>
    public LiveAnnouncements Live { get; }

    public Metrics Metrics { get; }

    public Guard Guard { get; }

    public OriginRules Origins { get; }

    public ILogger Log { get; }

    /// <summary>The server is ending: streams end with what they have.</summary>
    public CancellationToken Stopping { get; }

    public long MaxRequestBytes { get; init; }

    public Uri? PublicUrl { get; init; }

    /// <summary>The settings of the server.</summary>
    public IReadOnlyList<ServerSetting> Settings { get; init; } = [];

    /// <summary>The blocks as they are served.</summary>
    public GatewayBlocks Blocks => new(Store, _large);

    /// <summary>Returns what the caller of a request that stores something may change.</summary>
    public CallerRights RightsOf(HttpContext context) =>
        Guard.RightsOf(context, Store, CallerConnection.Http, $"{context.Request.Method} {context.Request.Path}");

    public void Dispose()
    {
        Live.Dispose();
        Metrics.Dispose();
        _large.Dispose();
    }
}
