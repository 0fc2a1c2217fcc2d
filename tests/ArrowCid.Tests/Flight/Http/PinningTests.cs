using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using ArrowCid.Client;
using ArrowCid.Server;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The Pinning Service API, as server and as client.</summary>
public sealed class PinningTests
{
    private static readonly Cid s_absent = Cid.Sha256(Multicodec.Raw, "it is nowhere"u8);

    [Fact]
    public async Task Request_is_pinned_from_the_origin_that_it_names_and_kept_until_it_is_removed()
    {
        await using ServedStore origin = await ServedStore.Start();
        await using ServedStore served = await Start();
        Cid cid = origin.Store.Put(ServedStore.Numbers(100)).Cid;
        Cid dataset = origin.Store.Datasets.Put([cid]).Cid;
        using PinningClient client = ClientOf(served);
        var options = new RemotePinOptions
        {
            Name = "numbers",
            Origins = [AddressOf(origin)],
            Meta = new Dictionary<string, string> { ["app"] = "test" },
        };
        RemotePin asked = await client.AddAsync(dataset, options);
        Assert.Equal((dataset, "numbers", "test"), (asked.Cid, asked.Name, asked.Meta["app"]));
        RemotePin pinned = await client.WaitAsync(asked.RequestId);
        Assert.Equal(RemotePinStatus.Pinned, pinned.Status);
        Assert.Equal([AddressOf(served)], pinned.Delegates);
        Assert.True(long.Parse(pinned.Info["dag_size"]) > 1000);
        Assert.True(served.Store.Contains(dataset) && served.Store.Contains(cid));
        Collect(served.Store);
        Assert.True(served.Store.Contains(dataset) && served.Store.Contains(cid));
        await client.RemoveAsync(asked.RequestId);
        Collect(served.Store);
        Assert.False(served.Store.Contains(dataset) || served.Store.Contains(cid));
        Assert.Equal(ErrorCode.NameNotFound, (await Assert.ThrowsAsync<ArrowCidException>(() => client.GetAsync(asked.RequestId))).Code);
    }

    [Fact]
    public async Task Two_requests_for_a_block_keep_it_until_both_are_removed()
    {
        await using ServedStore served = await Start();
        Cid cid = served.Store.Put(ServedStore.Numbers(5)).Cid;
        using PinningClient client = ClientOf(served);
        RemotePin first = await client.WaitAsync((await client.AddAsync(cid)).RequestId);
        RemotePin second = await client.WaitAsync((await client.AddAsync(cid)).RequestId);
        Assert.NotEqual(first.RequestId, second.RequestId);
        Assert.True(first.Created < second.Created);
        await client.RemoveAsync(first.RequestId);
        Collect(served.Store);
        Assert.True(served.Store.Contains(cid));
        await client.RemoveAsync(second.RequestId);
        Collect(served.Store);
        Assert.False(served.Store.Contains(cid));
    }

    [Fact]
    public async Task Replaced_request_keeps_its_blocks_until_the_new_one_is_pinned()
    {
        await using ServedStore served = await Start();
        Cid old = served.Store.Put(ServedStore.Numbers(5)).Cid;
        using PinningClient client = ClientOf(served);
        RemotePin first = await client.WaitAsync((await client.AddAsync(old)).RequestId);
        RemotePin second = await client.ReplaceAsync(first.RequestId, s_absent);
        Assert.NotEqual(first.RequestId, second.RequestId);
        Assert.Equal(ErrorCode.NameNotFound, (await Assert.ThrowsAsync<ArrowCidException>(() => client.GetAsync(first.RequestId))).Code);
        Collect(served.Store);
        Assert.True(served.Store.Contains(old));
        await client.RemoveAsync(second.RequestId);
        Collect(served.Store);
        Assert.False(served.Store.Contains(old));
    }

    [Fact]
    public async Task Queue_goes_on_where_an_earlier_server_left_it()
    {
        var clock = new ManualClock();
        await using ServedStore served = await Start(clock);
        using PinningClient client = ClientOf(served);
        RemotePin asked = await client.AddAsync(Cid.Sha256(Multicodec.Raw, "later"u8), new RemotePinOptions { Name = "later" });
        RemotePin failing = await client.AddAsync(s_absent);
        await served.EndServer();
        _ = served.Store.PutRaw("later"u8.ToArray());
        await using CidServer second = await CidServer.StartAsync(served.Store, OptionsOf(clock));
        using var again = new PinningClient(new Uri($"http://{second.Http}/v1/pinning"), served.Token);
        RemotePin pinned = await again.WaitAsync(asked.RequestId);
        Assert.Equal((RemotePinStatus.Pinned, asked.Created, "later"), (pinned.Status, pinned.Created, pinned.Name));
        RemotePin waiting = await again.GetAsync(failing.RequestId);
        Assert.NotEqual(RemotePinStatus.Failed, waiting.Status);
        while (waiting.Status != RemotePinStatus.Failed)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            waiting = await again.GetAsync(failing.RequestId);
        }

        Assert.Contains($"{s_absent}", waiting.Info["status_details"]);
    }

    [Fact]
    public async Task Request_over_the_limit_of_bytes_fails_at_once()
    {
        await using ServedStore origin = await ServedStore.Start();
        await using ServedStore served = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            Pinning = new PinningOptions { MaxBytes = 2000, Sources = [PinningOptions.AnyOriginsSource] },
        });
        Cid cid = origin.Store.Put(ServedStore.Numbers(1000)).Cid;
        using PinningClient client = ClientOf(served);
        RemotePin pin = await client.WaitAsync((await client.AddAsync(cid, new RemotePinOptions { Origins = [AddressOf(origin)] })).RequestId);
        Assert.Equal(RemotePinStatus.Failed, pin.Status);
        Assert.Contains("2000 bytes", pin.Info["status_details"]);
        Assert.False(served.Store.Contains(cid));
    }

    [Fact]
    public async Task Request_beyond_the_number_of_requests_is_refused_until_one_is_removed()
    {
        await using ServedStore served = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            Pinning = new PinningOptions { MaxRequests = 2 },
        });
        using PinningClient client = ClientOf(served);
        RemotePin first = await client.AddAsync(s_absent);
        RemotePin second = await client.AddAsync(s_absent);
        Assert.Equal(ErrorCode.ResourceExhausted, (await Assert.ThrowsAsync<ArrowCidException>(() => client.AddAsync(s_absent))).Code);
        RemotePin replaced = await client.ReplaceAsync(second.RequestId, s_absent);
        await client.RemoveAsync(first.RequestId);
        _ = await client.AddAsync(s_absent);
        Assert.Equal(2, (await ListOf(client)).Count);
        Assert.Contains((await ListOf(client)).Select(pin => pin.RequestId), id => id == replaced.RequestId);
    }

    [Fact]
    public async Task Listing_has_the_filters_of_the_API_and_pages_by_time()
    {
        await using ServedStore served = await Start();
        Cid here = served.Store.Put(ServedStore.Numbers(5)).Cid;
        using PinningClient client = ClientOf(served);
        var pins = new List<RemotePin>();
        for (int i = 0; i < 12; i++)
        {
            pins.Add(await client.AddAsync(i == 3 ? here : s_absent, new RemotePinOptions
            {
                Name = $"Name {i}",
                Meta = new Dictionary<string, string> { ["n"] = $"{i % 2}" },
            }));
        }

        _ = await client.WaitAsync(pins[3].RequestId);
        Assert.Equal(12, pins.Select(pin => pin.Created).Distinct().Count());
        Assert.Equal(pins.Select(pin => pin.RequestId).Reverse(), (await ListOf(client)).Select(pin => pin.RequestId));
        Assert.Equal((1, 1), await Count(""));
        Assert.Equal((12, 10), await Count("?status=queued,pinning,pinned,failed"));
        Assert.Equal((12, 4), await Count("?status=queued&status=pinning&status=pinned&limit=4"));
        Assert.Equal((1, 1), await Count($"?cid={here}"));
        Assert.Equal((12, 10), await Count($"?cid={here},{s_absent}"));
        Assert.Equal((1, 1), await Count("?name=Name%203"));
        Assert.Equal((0, 0), await Count("?name=name%203"));
        Assert.Equal((1, 1), await Count("?name=name%203&match=iexact"));
        Assert.Equal((3, 3), await Count("?name=me%201&match=partial"));
        Assert.Equal((3, 3), await Count("?name=ME%201&match=ipartial"));
        Assert.Equal((6, 6), await Count("?meta=%7B%22n%22%3A%221%22%7D"));
        Assert.Equal((3, 3), await Count($"?before={pins[3].Created:yyyy-MM-ddTHH:mm:ss.fffZ}"));
        Assert.Equal((8, 8), await Count($"?after={pins[3].Created:yyyy-MM-ddTHH:mm:ss.fffZ}"));

        async Task<(int, int)> Count(string query)
        {
            using var document = JsonDocument.Parse(await served.Owner.GetStringAsync($"/v1/pinning/pins{query}"));
            return (document.RootElement.GetProperty("count").GetInt32(), document.RootElement.GetProperty("results").GetArrayLength());
        }
    }

    [Theory]
    [InlineData("", "json")]
    [InlineData("[]", "object")]
    [InlineData("{}", "cid")]
    [InlineData("""{"cid": 3}""", "cid")]
    [InlineData("""{"cid": "bafk"}""", "bafk")]
    [InlineData("""{"cid": "bafkqaaa"}""", "sha2-256")]
    [InlineData("""{"cid": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "origins": "x"}""", "origins")]
    [InlineData("""{"cid": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "meta": {"a": 1}}""", "meta")]
    public async Task Body_that_is_no_pin_is_refused_as_the_API_says(string body, string word)
    {
        await using ServedStore served = await Start();
        using HttpResponseMessage answer = await Post(served, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var document = JsonDocument.Parse(await answer.Text());
        JsonElement error = document.RootElement.GetProperty("error");
        Assert.Contains(error.GetProperty("reason").GetString(), new[] { "invalidArgument", "invalidCid" });
        Assert.Contains(word, error.GetProperty("details").GetString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Body_over_64_KiB_is_refused()
    {
        await using ServedStore served = await Start();
        using HttpResponseMessage answer = await Post(served, $$"""{"cid": "{{s_absent}}", "name": "{{new string('x', 70_000)}}"}""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?status=done")]
    [InlineData("?match=fuzzy")]
    [InlineData("?before=yesterday")]
    [InlineData("?meta=%5B%5D")]
    [InlineData("?cid=x")]
    public async Task Filter_that_is_none_is_refused(string query)
    {
        await using ServedStore served = await Start();
        using HttpResponseMessage answer = await served.Owner.GetAsync($"/v1/pinning/pins{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/{0}/http")]
    [InlineData("/dns4/localhost/tcp/{0}/http")]
    public async Task Request_that_names_an_origin_of_this_machine_is_refused_unless_the_server_allows_it(string origin)
    {
        await using ServedStore other = await ServedStore.Start();
        await using ServedStore served = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            Pinning = new PinningOptions { Patience = TimeSpan.Zero },
        });
        Cid cid = other.Store.Put(ServedStore.Numbers(10)).Cid;
        using PinningClient client = ClientOf(served);
        var options = new RemotePinOptions { Origins = [string.Format(CultureInfo.InvariantCulture, origin, other.Address.Port)] };
        RemotePin pin = await client.WaitAsync((await client.AddAsync(cid, options)).RequestId);
        Assert.Equal(RemotePinStatus.Failed, pin.Status);
        Assert.Contains("private network", pin.Info["status_details"]);
        Assert.False(served.Store.Contains(cid));
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.8.9.10", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("8.8.8.8", true)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("64:ff9b::808:808", true)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:1::", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("2606:4700:4700::1111", true)]
    public void Address_is_public_or_not(string address, bool isPublic) =>
        Assert.Equal(isPublic, ArrowCid.Server.Pinning.PublicAddresses.Contain(IPAddress.Parse(address)));

    [Fact]
    public async Task Server_that_does_not_pin_has_no_such_routes()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await served.Owner.GetAsync("/v1/pinning/pins");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("/v1/pinning", await served.Client.GetStringAsync("/v1/openapi.json"));
    }

    [Fact]
    public async Task Source_that_is_neither_a_place_nor_a_location_is_refused_at_the_start()
    {
        ArrowCidException error = await Assert.ThrowsAsync<ArrowCidException>(() => ServedStore.Start(_ => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            Pinning = new PinningOptions { Sources = ["ftp://data.example"] },
        }));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    [InlineData("""{"requestid": "1", "status": "lost", "created": "2026-01-01T00:00:00Z", "pin": {"cid": "bafkqaaa"}, "delegates": []}""")]
    [InlineData("""{"requestid": "1", "status": "queued", "created": "soon", "pin": {"cid": "bafkqaaa"}, "delegates": []}""")]
    [InlineData("""{"requestid": "1", "status": "queued", "created": "2026-01-01T00:00:00Z", "pin": {"cid": "x"}, "delegates": []}""")]
    public void Answer_that_is_not_of_the_API_is_not_read(string json)
    {
        Exception? error = Record.Exception(() =>
        {
            using var document = JsonDocument.Parse(json);
            _ = ArrowCid.Client.Ipfs.PinJson.Read(document.RootElement);
        });
        Assert.True(error is FormatException or JsonException, $"{error}");
    }

    private static Task<ServedStore> Start(TimeProvider? clock = null) => ServedStore.Start(_ => OptionsOf(clock));

    private static CidServerOptions OptionsOf(TimeProvider? clock) => new()
    {
        Flight = null,
        Http = ServedStore.Any,
        Time = clock ?? TimeProvider.System,
        // The origins of tests are on this machine.
        Pinning = new PinningOptions { Sources = [PinningOptions.PlacesSource, PinningOptions.AnyOriginsSource] },
    };

    private static PinningClient ClientOf(ServedStore served) =>
        new(new Uri($"http://{served.Address}/v1/pinning"), served.Token);

    private static string AddressOf(ServedStore served) => $"/ip4/127.0.0.1/tcp/{served.Address.Port}/http";

    private static async Task<List<RemotePin>> ListOf(PinningClient client)
    {
        var pins = new List<RemotePin>();
        await foreach (RemotePin pin in client.ListAsync()) pins.Add(pin);
        return pins;
    }

    private static void Collect(CidStore store) =>
        _ = store.Retention.Collect(new CollectOptions { Unreferenced = true, OlderThan = TimeSpan.Zero });

    private static Task<HttpResponseMessage> Post(ServedStore served, string body)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return served.Owner.PostAsync("/v1/pinning/pins", content);
    }
}
