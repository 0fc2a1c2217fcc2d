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

    public Uri Address => new(_server.Flight is IPEndPoint ? $"grpc://{_server.Flight}" : $"grpc+unix://{_server.Flight}");

    public Uri HttpAddress => new($"http://{_server.Flight}");

    /// <summary>What local clients show.</summary>
    public string Token => File.ReadAllText(Path.Combine(Store.Directory, TokenFile.LocalName)).Trim();

    /// <summary>Any free port of this machine.</summary>
    public static IPEndPoint AnyPort => new(IPAddress.Loopback, 0);

    /// <param name="options">Given a folder of the test's own; null: Flight on any port.</param>
    /// <param name="capacity">The store's, in MiB.</param>
    public static async Task<FlightServer> StartAsync(Func<string, CidServerOptions>? options = null, int capacity = 256)
    {
        var made = new FlightServer();
        made.Store = CidStore.Open(Path.Combine(made._directory, "store"), new CidStoreOptions
        {
            Capacity = (long)capacity << 20,
            Timeout = TimeSpan.FromSeconds(1),
        });
        try
        {
            made._server = await CidServer.StartAsync(made.Store, options?.Invoke(made._directory)
                ?? new CidServerOptions { Flight = AnyPort, Http = null });
            return made;
        }
        catch
        {
            made.Store.Dispose();
            Directory.Delete(made._directory, recursive: true);
            throw;
        }
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
