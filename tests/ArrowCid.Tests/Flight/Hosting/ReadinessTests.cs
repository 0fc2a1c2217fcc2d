using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ArrowCid.Server;
using ArrowCid.Tests.Flight.Http;
using ArrowCid.Tests.Storage;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace ArrowCid.Tests.Flight;

/// <summary><c>/health</c>, <c>/ready</c>, gRPC's health service and <c>/config</c>.</summary>
public sealed class ReadinessTests : IDisposable
{
    private readonly TemporaryStore _directory = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arrowcid-ready-");

    private string HttpSocket => Path.Combine(_folder.FullName, "http.sock");

    private string FlightSocket => Path.Combine(_folder.FullName, "flight.sock");

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _directory.Dispose();
    }

    [Fact]
    public async Task Server_is_not_ready_until_its_store_is_open()
    {
        using var mayOpen = new ManualResetEventSlim();
        using var isOpening = new SemaphoreSlim(0);
        CidStore? store = null;
        Task<CidServer> start = CidServer.StartAsync(_ =>
        {
            isOpening.Release();
            mayOpen.Wait();
            return store = CidStore.Open(_directory.Directory);
        }, new CidServerOptions { Http = new UnixDomainSocketEndPoint(HttpSocket), Flight = new UnixDomainSocketEndPoint(FlightSocket) });
        using HttpClient client = Connect(HttpSocket);
        using GrpcChannel channel = GrpcChannel.ForAddress("http://localhost",
            new GrpcChannelOptions { HttpHandler = Handler(FlightSocket), DisposeHttpClient = true });
        var health = new Health.HealthClient(channel);
        try
        {
            await isOpening.WaitAsync();
            foreach ((string path, HttpStatusCode status) in new[]
            {
                ("/health", HttpStatusCode.OK), ("/ready", HttpStatusCode.ServiceUnavailable), ("/metrics", HttpStatusCode.ServiceUnavailable),
                ("/v1/blocks", HttpStatusCode.ServiceUnavailable), ("/ipfs/bafkqaaa", HttpStatusCode.ServiceUnavailable),
            })
            {
                using HttpResponseMessage answer = await client.Send("GET", path);
                Assert.Equal((path, status), (path, answer.StatusCode));
                if (status == HttpStatusCode.OK) continue;
                Assert.Equal("1", answer.Header("Retry-After"));
                Assert.Contains("being opened or recovered", await answer.Text());
                if (!path.StartsWith("/v1")) continue;
                JsonElement error = JsonSerializer.Deserialize<JsonElement>(await answer.Text()).GetProperty("error");
                Assert.Equal(("busy", true), (error.GetProperty("code").GetString(), error.GetProperty("retry").GetBoolean()));
            }

            var refused = await Assert.ThrowsAsync<RpcException>(() => health.CheckAsync(new HealthCheckRequest()).ResponseAsync);
            Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
            Assert.Contains("being opened or recovered", refused.Status.Detail);
            Assert.False(start.IsCompleted);
        }
        finally
        {
            mayOpen.Set();
        }

        await using (await start)
        {
            Assert.Equal("ready\n", await client.GetStringAsync("/ready"));
            HealthCheckResponse answer = await health.CheckAsync(new HealthCheckRequest());
            Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
        }

        store!.Dispose();
    }

    [Fact]
    public async Task Server_whose_store_cannot_be_opened_ends_and_frees_its_addresses()
    {
        var options = new CidServerOptions { Http = new UnixDomainSocketEndPoint(HttpSocket), Flight = null };
        var error = await Assert.ThrowsAsync<ArrowCidException>(() =>
            CidServer.StartAsync(_ => throw new ArrowCidException(ErrorCode.StoreFaulted, "broken"), options));
        Assert.Equal("broken", error.Message);
        using var store = CidStore.Open(_directory.Directory);
        await using CidServer server = await CidServer.StartAsync(store, options);
        using HttpClient client = Connect(HttpSocket);
        Assert.Equal("ready\n", await client.GetStringAsync("/ready"));
    }

    [Fact]
    public async Task Server_of_a_closed_store_is_not_ready_and_its_process_answers()
    {
        var store = CidStore.Open(_directory.Directory);
        await using CidServer server = await CidServer.StartAsync(store, new CidServerOptions
        {
            Http = new UnixDomainSocketEndPoint(HttpSocket),
            Flight = new UnixDomainSocketEndPoint(FlightSocket),
        });
        store.Dispose();
        using HttpClient client = Connect(HttpSocket);
        using HttpResponseMessage ready = await client.Send("GET", "/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal("ok\n", await client.GetStringAsync("/health"));
        using GrpcChannel channel = GrpcChannel.ForAddress("http://localhost",
            new GrpcChannelOptions { HttpHandler = Handler(FlightSocket), DisposeHttpClient = true });
        HealthCheckResponse answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, answer.Status);
    }

    [Fact]
    public async Task Configuration_lists_each_setting_with_its_source_and_without_passwords()
    {
        await using ServedStore served = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            CallsPerSecond = 5000,
            PublicUrl = new Uri("https://me:secret@data.example/"),
        });
        string text = await served.Owner.GetStringAsync("/config");
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        JsonElement[] settings = [.. JsonSerializer.Deserialize<JsonElement>(text).GetProperty("settings").EnumerateArray()];
        Assert.Equal(typeof(CidServerOptions).GetProperties().Select(each => each.Name).Order(),
            settings.Select(each => each.GetProperty("name").GetString()!).Order());
        (string?, string?) Of(string name)
        {
            JsonElement found = settings.Single(each => each.GetProperty("name").GetString() == name);
            return (found.GetProperty("value").GetString(), found.GetProperty("from").GetString());
        }

        Assert.Equal(("5000", "program"), Of("CallsPerSecond"));
        Assert.Equal(("4096", "default"), Of("StreamsPerClient"));
        Assert.Equal(("https://***@data.example/", "program"), Of("PublicUrl"));
    }

    private static HttpClient Connect(string socket) =>
        new(Handler(socket)) { BaseAddress = new Uri("http://localhost"), Timeout = TimeSpan.FromMinutes(2) };

    private static SocketsHttpHandler Handler(string path) => new()
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}
