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

    /// <param name="store">The store.</param>
    /// <param name="guard">Decides who may call.</param>
    /// <param name="origins">The rules for pages of other origins.</param>
    /// <param name="log">Gets the faults.</param>
    /// <param name="stopping">Ends when the server stops.</param>
    /// <param name="counters">The counters of the server; null creates them.</param>
    public HttpService(CidStore store, Guard guard, OriginRules origins, ILogger log, CancellationToken stopping,
        ServerCounters? counters = null)
    {
        (Store, Guard, Origins, Log, Stopping) = (store, guard, origins, log, stopping);
        Counters = counters ?? new ServerCounters();
        _large = new LargeBlocks(store, s_mostWait, stopping);
        Live = new LiveAnnouncements(store, stopping);
        Metrics = new Metrics(new StoreMetrics(store, () => Live.Watches), Counters);
    }

    public CidStore Store { get; }

    /// <summary>What all watchers hear, over Flight too.</summary>
    public LiveAnnouncements Live { get; }

    public Metrics Metrics { get; }

    /// <summary>The counters of the server.</summary>
    public ServerCounters Counters { get; }

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
