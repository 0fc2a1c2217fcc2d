using ArrowCid.Server.Access;
using ArrowCid.Server.Diagnostics;
using ArrowCid.Server.Pinning;
using ArrowCid.Server.Service;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ArrowCid.Server.Http;

/// <summary>What the routes of HTTP share.</summary>
internal sealed class HttpService : IDisposable
{
    // Beyond it a client is told to come again.
    private static readonly TimeSpan s_mostWait = TimeSpan.FromSeconds(10);

    private readonly StoreSource _source;
    private readonly Lazy<LargeBlocks> _large;
    private readonly Lazy<LiveAnnouncements> _live;
    private readonly Lazy<MadeFiles> _files;
    private readonly Lazy<ServedChannels> _channels;
    private PinService? _pins;
    private int _isDisposed;

    /// <param name="store">The store, which is open.</param>
    /// <param name="guard">Decides who may call.</param>
    /// <param name="origins">The rules for pages of other origins.</param>
    /// <param name="log">Gets the faults.</param>
    /// <param name="stopping">Ends when the server stops.</param>
    /// <param name="counters">The counters of the server; null creates them.</param>
    public HttpService(CidStore store, Guard guard, OriginRules origins, ILogger log, CancellationToken stopping,
        ServerCounters? counters = null)
        : this(StoreSource.Of(store), guard, origins, log, counters ?? new ServerCounters(), stopping)
    {
    }

    /// <param name="source">The store, which may not be open yet.</param>
    /// <param name="guard">Decides who may call.</param>
    /// <param name="origins">The rules for pages of other origins.</param>
    /// <param name="log">Gets the faults.</param>
    /// <param name="counters">The counters of the server.</param>
    /// <param name="stopping">Ends when the server stops.</param>
    public HttpService(StoreSource source, Guard guard, OriginRules origins, ILogger log, ServerCounters counters,
        CancellationToken stopping)
    {
        (_source, Guard, Origins, Log, Stopping, Counters) = (source, guard, origins, log, stopping, counters);
        _large = new Lazy<LargeBlocks>(() => new LargeBlocks(Store, s_mostWait, stopping));
        _live = new Lazy<LiveAnnouncements>(() => new LiveAnnouncements(Store, stopping));
        _files = new Lazy<MadeFiles>(() => new MadeFiles(new MadeFileLimits(), Time));
        _channels = new Lazy<ServedChannels>(() => new ServedChannels(Store));
        counters.Watches = () => _live.IsValueCreated ? _live.Value.Watches : 0;
        Metrics = new Metrics(counters, () => source.Directory);
    }

    /// <summary>The store.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: it is not open yet.</exception>
    public CidStore Store => _source.Store;

    /// <summary>The parts of large blocks.</summary>
    public LargeBlocks Large => _large.Value;

    /// <summary>What all watchers hear, over Flight too.</summary>
    public LiveAnnouncements Live => _live.Value;

    /// <summary>The files of answers that are made whole, such as Parquet.</summary>
    public MadeFiles Files => _files.Value;

    /// <summary>The channels that are open, over Flight too.</summary>
    public ServedChannels Channels => _channels.Value;

    /// <summary>The sessions of sync.</summary>
    public SyncSessions Syncs { get; } = new(TimeProvider.System);

    public Metrics Metrics { get; }

    /// <summary>The counters of the server.</summary>
    public ServerCounters Counters { get; }

    public Guard Guard { get; }

    public OriginRules Origins { get; }

    public ILogger Log { get; }

    /// <summary>The server is ending: streams end with what they have.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>The clock of the times after which the server frees what no request uses.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public long MaxRequestBytes { get; init; }

    public Uri? PublicUrl { get; init; }

    /// <summary>The URL of the gateway that Flight names to its clients; null where it is not known.</summary>
    public string? GatewayUrl { get; set; }

    /// <summary>The settings of the server.</summary>
    public IReadOnlyList<ServerSetting> Settings { get; init; } = [];

    /// <summary>How the server pins for others; null: it does not.</summary>
    public PinningOptions? Pinning { get; init; }

    /// <summary>The requests to pin.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: the store is not open yet.</exception>
    public PinService Pins => _pins ?? throw new ArrowCidException(ErrorCode.Busy, StoreHealth.Opening);

    /// <summary>The blocks as they are served.</summary>
    public GatewayBlocks Blocks => new(this);

    /// <summary>Returns what the caller of a request that stores something may change.</summary>
    public CallerRights RightsOf(HttpContext context) =>
        Guard.RightsOf(context, Store, CallerConnection.Http, $"{context.Request.Method} {context.Request.Path}");

    /// <summary>Begins to pin what requests ask for, where the server does that.</summary>
    /// <exception cref="ArrowCidException">As for the constructor of <see cref="PinService"/>.</exception>
    public void BeginPinning(CidStore store)
    {
        if (Pinning is { } options) _pins ??= new PinService(store, options, Time, Log, Stopping);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _pins?.Dispose();
        if (_channels.IsValueCreated) _channels.Value.Dispose();
        if (_live.IsValueCreated) _live.Value.Dispose();
        if (_files.IsValueCreated) _files.Value.Dispose();
        Metrics.Dispose();
        if (_large.IsValueCreated) _large.Value.Dispose();
    }
}
