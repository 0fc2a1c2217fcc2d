using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ArrowCid.Client;
using ArrowCid.Flight.Protocol;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Tests.Flight.Http;
using ArrowCid.Tests.Storage;
using Google.Protobuf;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ArrowCid.Tests.Flight;

/// <summary>The server in an ASP.NET Core host that is not its own.</summary>
public sealed class ForeignHostTests : IDisposable
{
    private readonly TemporaryStore _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Host_serves_the_registered_store_beside_its_own_routes_and_services()
    {
        await using ForeignHost host = await Start(register: services =>
            services.AddArrowCid("data", options => options.Directory = _directory.Directory), configure: options => options.StoreName = "data");
        string token = TokenFile.ReadLocal(_directory.Directory)!;
        Cid cid;
        using (var client = new CidClient(host.Flight, new CidClientOptions { Token = token, UseLocalStore = false }))
        {
            cid = (await client.PutAsync(ServedStore.Sequence(0, 100))).Cid;
            using RemoteBatch? got = await client.TryGetAsync(cid);
            Assert.Equal(100, got!.View.Length);
        }

        using HttpClient owner = host.Connect(token);
        Assert.NotEmpty(await owner.GetByteArrayAsync($"/ipfs/{cid}?format=raw"));
        using HttpResponseMessage named = await owner.PutAsync("/v1/names/a/b%2Fc", new StringContent($$"""{"cid": "{{cid}}"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, named.StatusCode);
        Assert.Equal(cid, host.Services.GetRequiredKeyedService<CidStore>("data").Names.Resolve("a/b/c"));
        Assert.Equal("ready\n", await owner.GetStringAsync("/ready"));
        Assert.Contains("arrowcid_store_names 1\n", await owner.GetStringAsync("/metrics"));
        using HttpResponseMessage packed = await owner.Send("GET", "/v1/openapi.json", ("Accept-Encoding", "gzip"));
        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        // A route of the host comes first, and others of /v1 are the host's.
        Assert.Equal("the host's own", await owner.GetStringAsync("/health"));
        Assert.Equal("the host's own", await owner.GetStringAsync("/v1/own"));
        Assert.Equal("everyone", await owner.GetStringAsync("/whoami"));
        using GrpcChannel channel = host.Channel();
        HealthCheckResponse answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    [Theory]
    [InlineData("application/grpc", "https://evil.example", null, HttpStatusCode.Forbidden)]
    [InlineData("application/grpc", "http://evil.example", "evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("application/grpc-web", null, "evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("application/grpc", null, "evil.example", HttpStatusCode.OK)]
    public async Task Page_is_refused_on_the_port_that_programs_share_with_it(string type, string? origin, string? name, HttpStatusCode expected)
    {
        using var store = CidStore.Open(_directory.Directory);
        await using ForeignHost host = await Start(options => (options.Store, options.AllowAnonymousPut) = (store, true));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using HttpResponseMessage answer = await client.SendAsync(Ask(host, "ListActions", new Empty(), type, origin, name));
        Assert.Equal(expected, answer.StatusCode);
    }

    [Theory]
    [InlineData(null, "0")]
    [InlineData("https://app.example", "16")]
    public async Task Anonymous_put_is_for_programs_when_a_page_may_call(string? origin, string status)
    {
        using var store = CidStore.Open(_directory.Directory);
        await using ForeignHost host = await Start(options =>
            (options.Store, options.AllowAnonymousPut, options.Origins) = (store, true, ["https://app.example"]));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using HttpRequestMessage ask = Ask(host, "DoPut", null, "application/grpc", origin, null);
        ask.Content = new ByteArrayContent(await FlightCall.BytesOf(ServedStore.Sequence(0, 3), FlightCall.Path("put")));
        ask.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using HttpResponseMessage answer = await client.SendAsync(ask);
        _ = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(status, (answer.TrailingHeaders.TryGetValues("grpc-status", out IEnumerable<string>? trailer)
            ? trailer : answer.Headers.GetValues("grpc-status")).Single());
        Assert.Equal(status == "0" ? 1 : 0, store.List().Count());
    }

    [Fact]
    public async Task Host_sets_the_streams_of_HTTP2_that_Flight_needs_and_may_set_others_after()
    {
        using var store = CidStore.Open(_directory.Directory);
        await using ForeignHost host = await Start(options => options.Store = store);
        KestrelServerLimits limits = host.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.Equal((8 << 20, 4096, null), (limits.Http2.InitialStreamWindowSize, limits.Http2.MaxStreamsPerConnection, limits.MinResponseDataRate));
        var services = new ServiceCollection();
        services.AddArrowCidServer();
        services.Configure<KestrelServerOptions>(options => options.Limits.Http2.MaxStreamsPerConnection = 7);
        using ServiceProvider provider = services.BuildServiceProvider();
        Assert.Equal(7, provider.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.Http2.MaxStreamsPerConnection);
    }

    [Fact]
    public async Task Host_does_not_start_when_there_is_no_store_or_a_file_cannot_be_read()
    {
        var missing = await Assert.ThrowsAsync<InvalidOperationException>(() => Start());
        Assert.Contains("AddArrowCid", missing.Message);
        using var store = CidStore.Open(_directory.Directory);
        var wrong = await Assert.ThrowsAsync<ArrowCidException>(() =>
            Start(options => (options.Store, options.TokenFile) = (store, Path.Combine(_directory.Directory, "none"))));
        Assert.Equal(ErrorCode.Io, wrong.Code);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        await using WebApplication bare = builder.Build();
        Assert.Contains("AddArrowCidServer", Assert.Throws<InvalidOperationException>(() => bare.MapArrowCidApi()).Message);
    }

    [Fact]
    public void Certificate_gives_a_scope_when_the_server_has_proved_it_and_none_when_the_host_has()
    {
        var certificate = new Credentials(null, "client");
        using var own = CallerProofs.Open(new CidServerOptions().Access);
        using var foreign = CallerProofs.Open(new ArrowCidServerOptions().Access);
        Assert.Equal(CertificateHandler.SchemeName, CallerAuthentication.SchemeOf(certificate, own));
        Assert.Null(CallerAuthentication.SchemeOf(certificate, foreign));
    }

    private static Task<ForeignHost> Start(Action<ArrowCidServerOptions>? configure = null, Action<IServiceCollection>? register = null) =>
        ForeignHost.StartAsync(configure, register);

    private static HttpRequestMessage Ask(ForeignHost host, string method, IMessage? message, string type, string? origin, string? name)
    {
        byte[] bytes = message?.ToByteArray() ?? [];
        var ask = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Flight.ToString().Replace("grpc://", "http://") + FlightCall.Service.TrimStart('/') + method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, (byte)bytes.Length, .. bytes]),
        };
        ask.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        ask.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (origin is not null) ask.Headers.Add("Origin", origin);
        if (name is not null) ask.Headers.Host = name;
        return ask;
    }
}
