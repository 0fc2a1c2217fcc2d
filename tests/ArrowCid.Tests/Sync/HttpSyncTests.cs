using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Client;
using ArrowCid.Server;
using ArrowCid.Sync;
using ArrowCid.Tests.Flight;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Sync;

/// <summary>Sync with a server, over HTTP, a Unix socket and Flight.</summary>
[SuppressMessage("Design", "CA1001", Justification = "DisposeAsync, which xunit calls, disposes of the fields.")]
public sealed class HttpSyncTests : IAsyncLifetime
{
    private readonly TemporaryStore _folder = new();
    private ServedStore _served = null!;
    private CidStore _store = null!;

    public async Task InitializeAsync()
    {
        _store = Stores.Open(_folder);
        _served = await ServedStore.Start(served =>
        {
            string file = Path.Combine(served.Directory, "tokens");
            File.WriteAllText(file, string.Concat(new[] { "read", "put", "admin" }.Select(scope =>
                $"{scope} {scope} sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(TokenOf(scope))))}\n")));
            return new CidServerOptions { Flight = ServedStore.Any, Http = ServedStore.Any, TokenFile = file };
        });
    }

    public async Task DisposeAsync()
    {
        _store.Dispose();
        _folder.Dispose();
        await _served.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Store_and_server_come_into_step(bool isHttp)
    {
        Cid here = _store.Put(Stores.Numbers(1), new PutOptions { Name = "here" }).Cid;
        Cid there = _served.Store.Put(Stores.Numbers(2), new PutOptions { Name = "there" }).Cid;
        var bytes = new byte[(9 << 20) + 5];
        new Random(1).NextBytes(bytes);
        Cid large = _served.Store.PutRaw(bytes).Cid;
        bytes[0]++;
        Cid pushed = _store.PutRaw(bytes).Cid;
        SyncReport report = await Sync(isHttp, "admin");
        Assert.True(report.IsInStep);
        Assert.All(new[] { here, there, large, pushed }, cid => Assert.True(_store.Contains(cid) && _served.Store.Contains(cid)));
        Assert.Equal(StorePair.Shown(_served.Store), StorePair.Shown(_store));
        Assert.Equal(SyncWay.Cursor, (await Sync(isHttp, "admin")).Way);
    }

    [Fact]
    public async Task Server_at_a_Unix_socket_is_a_side_too()
    {
        string socket = Path.Combine(_folder.Directory, "http.sock");
        using var folder = new TemporaryStore();
        using CidStore other = Stores.Open(folder);
        await using CidServer server = await CidServer.StartAsync(other, new CidServerOptions
        {
            Flight = null,
            Http = new System.Net.Sockets.UnixDomainSocketEndPoint(socket),
        });
        Cid cid = other.Put(Stores.Numbers(4)).Cid;
        string file = Path.Combine(_folder.Directory, "local.txt");
        await File.WriteAllTextAsync(file, ArrowCid.Server.Access.TokenFile.ReadLocal(folder.Directory));
        using SyncPeer peer = ServerSync.Open($"http+unix://{socket}?token-file={file}");
        Assert.True((await _store.Transfer.SyncAsync(peer)).IsInStep);
        Assert.True(_store.Contains(cid));
    }

    [Fact]
    public async Task Thousands_of_differences_come_over_HTTP()
    {
        for (int i = 0; i < 3000; i++) _ = _served.Store.PutRaw(BitConverter.GetBytes(i));
        for (int i = 2990; i < 3010; i++) _ = _store.PutRaw(BitConverter.GetBytes(i));
        SyncReport report = await Sync(isHttp: true, "put");
        Assert.Equal((2990, 10), (report.BlocksPulled, report.BlocksPushed));
        Assert.True(report.IsInStep);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_decides_what_may_be_pushed(bool isHttp)
    {
        Cid cid = _store.Put(Stores.Numbers(1), new PutOptions { Name = "here", Producer = "p" }).Cid;
        ArrowCidException e = await Assert.ThrowsAsync<ArrowCidException>(() => Sync(isHttp, "read"));
        Assert.Equal(ErrorCode.AccessDenied, e.Code);
        Assert.False(_served.Store.Contains(cid));
        SyncReport report = await Sync(isHttp, "put");
        Assert.False(report.IsInStep);
        Assert.Equal(["here"], report.NamesWaiting);
        Assert.Null(_served.Store.Names.Resolve("here"));
        Assert.Equal("p", _served.Store.Metadata.Get(cid)!.Producer);
        Assert.True((await Sync(isHttp, "admin")).IsInStep);
        Assert.Equal(cid, _served.Store.Names.Resolve("here"));
        _ = _served.Store.Put(Stores.Numbers(9));
        SyncReport pulled = await Sync(isHttp, "read", SyncDirection.Pull);
        Assert.Equal((1, true), (pulled.BlocksPulled, pulled.IsInStep));
    }

    [Fact]
    public async Task Session_of_another_client_and_a_fifth_one_are_refused()
    {
        using HttpClient reader = _served.Connect(TokenOf("read")), other = _served.Connect(TokenOf("put"));
        using HttpResponseMessage opened = await reader.PostAsync("/v1/sync", Body([]));
        Assert.Equal(HttpStatusCode.Created, opened.StatusCode);
        using HttpResponseMessage stolen = await other.PostAsync(opened.Headers.Location, Body([]));
        Assert.Equal(HttpStatusCode.NotFound, stolen.StatusCode);
        for (int i = 1; i < 4; i++) (await reader.PostAsync("/v1/sync", Body([]))).Dispose();
        using HttpResponseMessage fifth = await reader.PostAsync("/v1/sync", Body([]));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, fifth.StatusCode);
        using HttpResponseMessage ended = await reader.DeleteAsync(opened.Headers.Location);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        using HttpResponseMessage sixth = await reader.PostAsync("/v1/sync", Body([1, 2, 3]));
        Assert.Equal(HttpStatusCode.BadRequest, sixth.StatusCode);
        using HttpResponseMessage wrong = await reader.PostAsync("/v1/sync", new StringContent("a", Encoding.UTF8, "text/csv"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, wrong.StatusCode);
    }

    [Fact]
    public async Task Sums_of_stores_in_step_are_equal()
    {
        using HttpClient reader = _served.Connect(TokenOf("read"));
        _ = _served.Store.Put(Stores.Numbers(1), new PutOptions { Name = "n" });
        string before = await reader.GetStringAsync("/v1/sync/sum");
        Assert.Contains("\"blocks\":2,", before, StringComparison.Ordinal);
        _ = _served.Store.Put(Stores.Numbers(2));
        Assert.NotEqual(before, await reader.GetStringAsync("/v1/sync/sum"));
    }

    private static ByteArrayContent Body(byte[] bytes)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/vnd.arrowcid.sync");
        return content;
    }

    private static string TokenOf(string scope) => $"{scope}-token-0123456789";

    private async Task<SyncReport> Sync(bool isHttp, string scope, SyncDirection direction = SyncDirection.Both)
    {
        string file = Path.Combine(_folder.Directory, $"{scope}.txt");
        await File.WriteAllTextAsync(file, TokenOf(scope));
        string url = isHttp ? $"http://{_served.Address}" : $"{_served.Flight}".TrimEnd('/');
        using SyncPeer peer = ServerSync.Open($"{url}?token-file={file}");
        return await _store.Transfer.SyncAsync(peer, new SyncOptions { Direction = direction });
    }
}
