using System.Net;
using System.Net.Http.Headers;
using ArrowCid.Columnar;
using ArrowCid.Flight;
using ArrowCid.Flight.Access;
using ArrowCid.Tests.Storage;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>A store of a test's own behind a server of its own.</summary>
internal sealed class ServedStore : IAsyncDisposable
{
    private readonly TemporaryStore _directory = new();
    private CidServer _server = null!;

    private ServedStore() => Store = CidStore.Open(_directory.Directory,
        new CidStoreOptions { Capacity = 96 << 20, SegmentSize = 8 << 20 });

    public CidStore Store { get; }

    /// <summary>A client that shows nothing.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>A client that shows the local token.</summary>
    public HttpClient Owner { get; private set; } = null!;

    public string LocalToken => TokenFile.ReadLocal(_directory.Directory)!;

    public string Directory => _directory.Directory;

    public static async Task<ServedStore> Start(Func<ServedStore, CidServerOptions>? options = null)
    {
        var served = new ServedStore();
        CidServerOptions made = options?.Invoke(served) ?? new CidServerOptions { Http = Any, Flight = null };
        served._server = await CidServer.StartAsync(served.Store, made);
        served.Client = served.Connect(null);
        served.Owner = served.Connect(served.LocalToken);
        return served;
    }

    /// <summary>Any free port of this machine.</summary>
    public static IPEndPoint Any => new(IPAddress.Loopback, 0);

    public IPEndPoint Address => (IPEndPoint)_server.Http!;

    public HttpClient Connect(string? token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri($"http://{_server.Http}"),
            Timeout = TimeSpan.FromMinutes(2),
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public static RecordBatch Numbers(int rows) => RecordBatch.Of(
        ("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 7919).ToArray())),
        ("x", ArrowArray.From<double>(Enumerable.Range(0, rows).Select(i => i / 3.0).ToArray())));

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

/// <summary>Short forms of requests.</summary>
internal static class Requests
{
    public static Task<HttpResponseMessage> Send(this HttpClient client, string method, string path,
        params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public static string Header(this HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values)
        : response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";

    public static Task<byte[]> Bytes(this HttpResponseMessage response) => response.Content.ReadAsByteArrayAsync();

    public static Task<string> Text(this HttpResponseMessage response) => response.Content.ReadAsStringAsync();
}
