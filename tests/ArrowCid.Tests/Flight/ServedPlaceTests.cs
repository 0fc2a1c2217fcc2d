using System.Net;
using ArrowCid.Client;
using ArrowCid.Registry;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Flight;

/// <summary>A server whose store has places: it reads from them, and puts go to them.</summary>
public sealed class ServedPlaceTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryStore _here = new(), _there = new();
    private volatile bool _isDown;
    private CidStore _store = null!;
    private CidServer _server = null!;
    private HttpClient _client = null!;

    public Task InitializeAsync() => Start(PlaceWrite.None, maxBacklog: null);

    public Task DisposeAsync() => End();

    public void Dispose()
    {
        _client.Dispose();
        _here.Dispose();
        _there.Dispose();
    }

    [Fact]
    public async Task Block_that_was_dropped_here_is_given_over_HTTP_and_Flight_and_kept()
    {
        Cid[] cids = [.. Enumerable.Range(1, 3).Select(i => _store.Put(ServedStore.Numbers(10 * i)).Cid)];
        Cid dataset = _store.Datasets.Put([_store.Put(Stores.Numbers(1)).Cid, _store.Put(Stores.Numbers(2)).Cid]).Cid;
        _ = _store.Places.Copy([.. cids, dataset], "cold");
        Assert.Equal(5, _store.Places.Drop([.. cids, dataset]).Removed.Count);
        byte[] raw = await _client.GetByteArrayAsync($"/ipfs/{cids[0]}?format=raw");
        Assert.Equal(cids[0], Cid.Sha256(Multicodec.Raw, raw));
        Assert.Equal(21, (await _client.GetStringAsync($"/v1/blocks/{cids[1]}?format=csv")).Trim().Split('\n').Length);
        using var client = new CidClient(new Uri($"grpc://{_server.Flight}"), new CidClientOptions { UseLocalStore = false });
        using (RemoteBatch? batch = await client.TryGetAsync(cids[2])) Assert.Equal(30, batch!.View.Length);
        Assert.Equal(3, (await _client.GetStringAsync($"/v1/blocks/{dataset}?format=csv")).Trim().Split('\n').Length);
        Assert.All(cids, cid => Assert.True(_store.Contains(cid)));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/v1/blocks/{Cid.Sha256(Multicodec.Raw, "absent"u8)}")).StatusCode);
    }

    [Fact]
    public async Task Place_that_fails_is_an_error_that_may_pass_and_not_an_absent_block()
    {
        Cid cid = _store.Put(Stores.Numbers(1)).Cid;
        _ = _store.Places.Copy([cid], "cold");
        _ = _store.Places.Drop([cid]);
        _isDown = true;
        using HttpResponseMessage answer = await _client.GetAsync($"/v1/blocks/{cid}");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        _isDown = false;
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/v1/blocks/{cid}")).StatusCode);
    }

    [Fact]
    public async Task Block_larger_than_a_part_of_the_cache_is_served_from_its_place_and_not_kept()
    {
        const int Rows = 4000;
        Cid large = _store.Put(ServedStore.Numbers(Rows)).Cid, small = _store.Put(ServedStore.Numbers(2)).Cid;
        byte[] bytes = new byte[40_000];
        new Random(7).NextBytes(bytes);
        Cid raw = _store.PutRaw(bytes).Cid, dataset = _store.Datasets.Put([small, large, small]).Cid;
        _ = _store.Places.Copy([dataset, raw], "cold");
        Assert.Equal(3, _store.Places.Drop([small, large, raw]).Removed.Count);
        _store.Places.Cache.SetSettings(new CacheSettings { MaxBytes = 128 << 10 });
        byte[] block = await _client.GetByteArrayAsync($"/ipfs/{large}?format=raw");
        Assert.Equal(large, Cid.Sha256(Multicodec.Raw, block));
        Assert.Equal(bytes, await _client.GetByteArrayAsync($"/ipfs/{raw}?format=raw"));
        byte[][] same = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _client.GetByteArrayAsync($"/ipfs/{raw}?format=raw")));
        Assert.All(same, each => Assert.Equal(bytes, each));
        Assert.Equal(Rows + 1, Lines(await _client.GetStringAsync($"/v1/blocks/{large}?format=csv")));
        Assert.Equal(Rows + 5, Lines(await _client.GetStringAsync($"/v1/blocks/{dataset}?format=csv")));
        using (var range = new HttpRequestMessage(HttpMethod.Get, $"/ipfs/{raw}?format=raw"))
        {
            range.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(100, 199);
            using HttpResponseMessage part = await _client.SendAsync(range);
            Assert.Equal(bytes[100..200], await part.Content.ReadAsByteArrayAsync());
        }

        using var client = new CidClient(new Uri($"grpc://{_server.Flight}"), new CidClientOptions { UseLocalStore = false });
        using (RemoteBatch? batch = await client.TryGetAsync(large)) Assert.Equal(Rows, batch!.View.Length);
        using (BatchLease lease = _store.TryGet(large)!) Assert.Equal(Rows, lease.View.Length);
        Assert.False(_store.Contains(large) || _store.Contains(raw));
        Assert.True(_store.Contains(small));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/v1/blocks/{Cid.Sha256(Multicodec.Raw, "absent"u8)}")).StatusCode);

        static int Lines(string text) => text.Trim().Split('\n').Length;
    }

    [Fact]
    public void Server_deletes_what_nothing_keeps_for_a_client_with_a_token()
    {
        Cid loose = _store.Put(Stores.Numbers(1)).Cid, named = _store.Put(Stores.Numbers(2)).Cid;
        _store.Names.Set("kept", named);
        string file = _here.PathOf("client.token");
        File.WriteAllText(file, Token);
        foreach (string scheme in new[] { $"grpc://{_server.Flight}", $"http://{_server.Http}" })
        {
            using BlockBackend reader = ServerBlocks.Open(scheme), owner = ServerBlocks.Open($"{scheme}?token-file={file}");
            Assert.False(reader.CanDelete);
            Assert.True(owner.CanDelete);
            owner.Delete(loose);
            Assert.False(_store.Contains(loose));
            // What is gone already is no error.
            owner.Delete(loose);
            ArrowCidException error = Assert.Throws<ArrowCidException>(() => owner.Delete(named));
            Assert.Contains(scheme.StartsWith("grpc", StringComparison.Ordinal) ? "the name 'kept' points to it" : "409", error.Message, StringComparison.Ordinal);
            Assert.True(_store.Contains(named));
            _ = _store.Put(Stores.Numbers(1));
        }
    }

    [Fact]
    public async Task Put_through_returns_when_the_place_has_the_block_and_gives_the_name_last()
    {
        await End();
        await Start(PlaceWrite.Through, maxBacklog: null);
        using (HttpResponseMessage put = await _client.PostAsync("/v1/blocks?name=n", new StringContent("a\n1\n", null, "text/csv")))
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Cid cid = _store.Names.Resolve("n")!.Value;
        Assert.True(_store.Places.Prove(cid, "cold"));
        Assert.Equal("cold", _store.Metadata.Get(cid)!.Copies.Single().Place);
        using var client = new CidClient(new Uri($"grpc://{_server.Flight}"), new CidClientOptions { Token = Token });
        PutResult result = await client.PutAsync(Stores.Numbers(4), new PutOptions { Name = "f" });
        Assert.True(_store.Places.Prove(result.Cid, "cold"));
        _isDown = true;
        using (HttpResponseMessage refused = await _client.PostAsync("/v1/blocks?name=m", new StringContent("a\n2\n", null, "text/csv")))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Null(_store.Names.Resolve("m"));
        Assert.True(_store.Places.GetUsage("cold").BacklogBlocks > 0);
        _isDown = false;
        _ = _store.Places.CopyBacklog("cold");
        Assert.Equal(0, _store.Places.GetUsage("cold").BacklogBlocks);
    }

    [Fact]
    public async Task Puts_are_refused_while_more_than_the_limit_waits()
    {
        await End();
        await Start(PlaceWrite.Back, maxBacklog: 1);
        using HttpResponseMessage first = await _client.PostAsync("/v1/blocks", new StringContent("a\n1\n", null, "text/csv"));
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        using HttpResponseMessage second = await _client.PostAsync("/v1/blocks", new StringContent("a\n2\n", null, "text/csv"));
        Assert.Contains("storeFull", await second.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(second.IsSuccessStatusCode);
        Cid raw = Cid.Sha256(Multicodec.Raw, "raw"u8);
        using HttpResponseMessage third = await _client.PutAsync($"/v1/blocks/{raw}", new ByteArrayContent("raw"u8.ToArray()));
        Assert.False(third.IsSuccessStatusCode);
        using var end = new CancellationTokenSource();
        var copied = new TaskCompletionSource();
        Task running = _store.Places.WriteBackAsync(new WriteBackOptions { Copied = (_, _) => copied.TrySetResult() }, end.Token);
        await copied.Task;
        while (_store.Places.Gauge.Bytes > 0) await Task.Yield();
        using HttpResponseMessage fourth = await _client.PostAsync("/v1/blocks", new StringContent("a\n2\n", null, "text/csv"));
        Assert.Equal(HttpStatusCode.Created, fourth.StatusCode);
        await end.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Block_of_any_kind_is_put_under_its_CID_and_other_bytes_are_refused()
    {
        byte[] bytes = "some bytes"u8.ToArray();
        Cid cid = Cid.Sha256(Multicodec.Raw, bytes);
        Cid other = Cid.Sha256(Multicodec.Raw, "other"u8), node = Cid.Sha256(Multicodec.DagCbor, "other"u8);
        Assert.Equal(HttpStatusCode.Created, await Put(cid, bytes));
        Assert.Equal(HttpStatusCode.OK, await Put(cid, bytes));
        Assert.Equal(HttpStatusCode.BadRequest, await Put(other, bytes));
        Assert.Equal(HttpStatusCode.BadRequest, await Put(node, bytes));
        Assert.False(_store.Contains(other) || _store.Contains(node));
        Assert.Equal([KeepKind.NotHere], _store.Retention.Remove([other]).Kept.Single().Reasons.Select(reason => reason.Kind));
        using HttpResponseMessage none = await _client.PutAsync("/v1/blocks/words", new ByteArrayContent(bytes));
        Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);
        // What was removed may come back.
        _ = _store.Retention.Remove([cid]);
        Assert.Equal(HttpStatusCode.OK, await Put(cid, bytes));
        Assert.True(_store.Contains(cid));

        async Task<HttpStatusCode> Put(Cid to, byte[] body)
        {
            using HttpResponseMessage answer = await _client.PutAsync($"/v1/blocks/{to}", new ByteArrayContent(body));
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("grpc://me:word@lab:8815")]
    [InlineData("grpc://lab:8815?color=red")]
    [InlineData("http://lab:8816?token-file=/nonexistent/token")]
    public void Location_of_a_server_that_is_wrong_is_refused_without_its_secret(string location)
    {
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => ServerBlocks.Open(location));
        Assert.Contains(error.Code, (ErrorCode[])[ErrorCode.InvalidArgument, ErrorCode.Io]);
        Assert.DoesNotContain("word", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Server_that_is_not_there_is_a_place_that_may_answer_later()
    {
        foreach (string location in new[] { "grpc://127.0.0.1:1", "http://127.0.0.1:1/" })
        {
            using BlockBackend backend = ServerBlocks.Open(location);
            Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => backend.TryGet(Cid.Sha256(Multicodec.Raw, "x"u8))).Code);
            Assert.Equal(ErrorCode.Busy, Assert.Throws<ArrowCidException>(() => backend.Contains(Cid.Sha256(Multicodec.Raw, "x"u8))).Code);
        }
    }

    private string Token => TokenFile.ReadLocal(_here.Directory)!;

    private async Task Start(PlaceWrite write, long? maxBacklog)
    {
        _store = CidStore.Open(_here.Directory, new CidStoreOptions
        {
            Capacity = 64 << 20,
            ReadPlaces = true,
            MaxBacklog = maxBacklog,
            OpenPlace = (location, isReadOnly) => _isDown
                ? throw new ArrowCidException(ErrorCode.Busy, "the place is down")
                : StorePlaces.OpenLocation(location, isReadOnly),
        });
        _store.Places.Add(new BlockPlace { Name = "cold", Location = _there.PathOf("blocks") + "/", Write = write });
        _server = await CidServer.StartAsync(_store, new CidServerOptions { Flight = ServedStore.Any, Http = ServedStore.Any });
        _client = new HttpClient { BaseAddress = new Uri($"http://{_server.Http}") };
        _client.DefaultRequestHeaders.Authorization = new("Bearer", Token);
    }

    private async Task End()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _store.Dispose();
    }
}
