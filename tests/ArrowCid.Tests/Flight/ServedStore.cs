using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Client;
using ArrowCid.Columnar;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Flight;

/// <summary>A store of a test's own behind a server of its own, in this process.</summary>
internal sealed class ServedStore : IAsyncDisposable
{
    private readonly TemporaryStore _directory = new();
    private CidServer _server = null!;

    private ServedStore(int capacity, TimeProvider clock) => Store = CidStore.Open(_directory.Directory, new CidStoreOptions
    {
        Capacity = (long)capacity << 20,
        Timeout = TimeSpan.FromSeconds(1),
        TimeProvider = clock,
    });

    /// <summary>Any free port of this machine.</summary>
    public static IPEndPoint Any => new(IPAddress.Loopback, 0);

    public CidStore Store { get; }

    public string Directory => _directory.Directory;

    /// <summary>What local clients show.</summary>
    public string Token => TokenFile.ReadLocal(_directory.Directory)!;

    /// <summary>A client over HTTP that shows nothing.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>A client over HTTP that shows the local token.</summary>
    public HttpClient Owner { get; private set; } = null!;

    /// <summary>Where HTTP is served.</summary>
    public IPEndPoint Address => (IPEndPoint)_server.Http!;

    /// <summary>Where Flight is served.</summary>
    public Uri Flight => new(_server.Flight is IPEndPoint ? $"grpc://{_server.Flight}" : $"grpc+unix://{_server.Flight}");

    /// <summary>The paths of all gRPC calls that are answered.</summary>
    public IEnumerable<string> FlightPaths => _server.FlightPaths;

    /// <summary>The address and port of Flight.</summary>
    public IPEndPoint FlightEndPoint => (IPEndPoint)_server.Flight!;

    /// <summary>The same for who speaks HTTP/2 by hand.</summary>
    public Uri FlightHttp => new($"http://{_server.Flight}");

    /// <param name="options">Given this; null: Flight and HTTP on any ports.</param>
    /// <param name="capacity">The store's, in MiB.</param>
    /// <param name="clock">The store's; null: the machine's.</param>
    public static async Task<ServedStore> Start(Func<ServedStore, CidServerOptions>? options = null, int capacity = 256,
        TimeProvider? clock = null)
    {
        var served = new ServedStore(capacity, clock ?? TimeProvider.System);
        try
        {
            CidServerOptions made = options?.Invoke(served) ?? new CidServerOptions { Flight = Any, Http = Any };
            served._server = await CidServer.StartAsync(served.Store, made);
        }
        catch
        {
            served.Store.Dispose();
            served._directory.Dispose();
            throw;
        }

        served.Client = served.Connect(null);
        served.Owner = served.Connect(served.Token);
        return served;
    }

    public static RecordBatch Numbers(int rows) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 7919).ToArray())),
        ("x", ArrowArray.From<double>(Enumerable.Range(0, rows).Select(i => i / 3.0).ToArray())));

    public static RecordBatch Sequence(int start, int count) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(start, count).Select(i => (long)i).ToArray())));

    /// <summary>A client over Flight that reads what comes, unless it is to find the store here.</summary>
    public CidClient FlightClient(bool isLocal = false, string? token = null) =>
        new(Flight, new CidClientOptions { Token = token ?? Token, UseLocalStore = isLocal });

    public HttpClient Connect(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = _server.Http is null ? null : new Uri($"http://{_server.Http}"),
            Timeout = TimeSpan.FromMinutes(2),
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public Task EndServer() => _server.DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Owner.Dispose();
        await _server.DisposeAsync();
        Store.Dispose();
        _directory.Dispose();
    }
}

/// <summary>Tests that each have a served store of their own.</summary>
public abstract class ServedStoreTests : IAsyncLifetime
{
    private protected ServedStore Served { get; private set; } = null!;

    public async Task InitializeAsync() => Served = await ServedStore.Start();

    public async Task DisposeAsync() => await Served.DisposeAsync();
}
