using System.Net;
using ArrowCid.Columnar;
using ArrowCid.Flight;
using ArrowCid.Flight.Access;

namespace ArrowCid.Tests.Flight;

/// <summary>A store of a test's own, served in this process.</summary>
internal sealed class FlightServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("arrowcid-flight-").FullName;
    private CidServer _server = null!;

    public CidStore Store { get; private set; } = null!;

    public Uri Address => new($"grpc://{_server.Flight}");

    public Uri HttpAddress => new($"http://{_server.Flight}");

    /// <summary>What local clients show.</summary>
    public string Token => File.ReadAllText(Path.Combine(Store.Directory, TokenFile.LocalName)).Trim();

    public static async Task<FlightServer> StartAsync()
    {
        var made = new FlightServer();
        made.Store = CidStore.Open(Path.Combine(made._directory, "store"), new CidStoreOptions { Capacity = 256 << 20 });
        made._server = await CidServer.StartAsync(made.Store, new CidServerOptions
        {
            Flight = new IPEndPoint(IPAddress.Loopback, 0),
            Http = null,
        });
        return made;
    }

    /// <summary>A client that reads over the wire, unless it is to find the store here.</summary>
    public CidClient Client(bool isLocal = false, string? token = null) =>
        new(Address, new CidClientOptions { Token = token ?? Token, UseLocalStore = isLocal });

    public static RecordBatch Numbers(int start, int count) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(start, count).Select(i => (long)i).ToArray())));

    public Task StopAsync() => _server.DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
