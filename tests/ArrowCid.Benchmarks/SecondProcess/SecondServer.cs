using System.Net;
using System.Net.Sockets;
using ArrowCid.Server;

namespace ArrowCid.Benchmarks;

/// <summary>Serves a store over Flight, as <c>serve</c> does, until the first process ends.</summary>
internal sealed class SecondServer(string directory) : ISecondRole
{
    public const string Role = "serve", OverTcp = "tcp", OverUnix = "unix", OverTls = "tls", Collect = "collect";

    private readonly CidStore _store = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false });
    private readonly List<CidServer> _servers = [];

    /// <summary>Where a store's server has its certificate.</summary>
    public static string Certificate(string directory) => directory + ".pem";

    /// <summary>Where a store's server has its certificate's key.</summary>
    public static string Key(string directory) => directory + ".key";

    /// <summary>Listens in one more way and says where, or gives back the memory that nothing holds.</summary>
    public string Answer(string what, int count)
    {
        if (what == Collect)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return what;
        }

        EndPoint at = what == OverUnix
            ? new UnixDomainSocketEndPoint(directory + ".sock")
            : new IPEndPoint(IPAddress.Loopback, 0);
        bool isTls = what == OverTls;
        CidServer server = CidServer.StartAsync(_store, new CidServerOptions
        {
            Flight = at,
            Http = null,
            Certificate = isTls ? Certificate(directory) : null,
            CertificateKey = isTls ? Key(directory) : null,
        }).GetAwaiter().GetResult();
        _servers.Add(server);
        return $"grpc{(isTls ? "+tls" : at is IPEndPoint ? "" : "+unix")}://{server.Flight}";
    }

    public void Dispose()
    {
        foreach (CidServer server in _servers) server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _store.Dispose();
    }
}
