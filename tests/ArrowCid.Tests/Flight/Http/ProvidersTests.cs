using System.Net;
using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Server;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Delegated routing names the places that have a copy.</summary>
public sealed class ProvidersTests
{
    private const string Gateway = "transport-ipfs-gateway-http";

    [Fact]
    public async Task Providers_are_this_server_then_the_places_by_cost_then_the_locations_that_callers_can_reach()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = PutEverywhere(served.Store);
        (string Protocol, string Address)[] found = await Find(served, $"{cid}");
        Assert.Equal(
        [
            (Gateway, $"/ip4/127.0.0.1/tcp/{served.Address.Port}/http"),
            (Gateway, "/dns/cheap.example/tcp/8816/http"),
            (Gateway, "/ip4/127.0.0.1/tcp/9/http"),
            (Gateway, "/dns/dear.example/tcp/443/tls/http/http-path/gw"),
            ("arrow-flight", "/dns/flight.example/tcp/8815/tls"),
            ("transport-bitswap", "/ip4/203.0.113.42/tcp/4001"),
        ], found);
        Assert.Equal(["transport-bitswap"], (await Find(served, $"{cid}?filter-protocols=transport-bitswap")).Select(each => each.Protocol));
        Assert.DoesNotContain(await Find(served, $"{cid}?filter-addrs=!tls"), each => each.Address.Contains("/tls"));
    }

    [Fact]
    public async Task Provider_that_names_its_peer_has_that_name()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = PutEverywhere(served.Store);
        string text = await served.Client.GetStringAsync($"/routing/v1/providers/{cid}");
        Assert.Contains("\"ID\":\"QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ\",\"Addrs\":[\"/ip4/203.0.113.42/tcp/4001\"]", text);
        Assert.DoesNotContain("secret", text);
    }

    [Fact]
    public async Task Addresses_of_this_machine_are_not_named_where_the_server_has_a_public_URL()
    {
        await using ServedStore served = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = null,
            Http = ServedStore.Any,
            PublicUrl = new Uri("https://data.example/"),
        });
        Cid cid = PutEverywhere(served.Store);
        (string, string Address)[] found = await Find(served, $"{cid}");
        Assert.Equal("/dns/data.example/tcp/443/https", found[0].Address);
        Assert.DoesNotContain(found, each => each.Address.Contains("127.0.0.1"));
    }

    [Fact]
    public async Task Block_that_is_not_here_is_found_at_the_place_that_has_a_copy()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = Cid.Sha256(Multicodec.Raw, "elsewhere"u8);
        Assert.Empty(await Find(served, $"{cid}"));
        served.Store.Places.Add(new BlockPlace { Name = "web", Location = "http://cheap.example:8816/" });
        served.Store.Registry.Facts.Append(new CopyFact(cid, "web", new CopyState("block", 9, 1, 1, null)));
        Assert.Equal([(Gateway, "/dns/cheap.example/tcp/8816/http")], await Find(served, $"{cid}"));
        served.Store.Registry.Facts.Append(new CopyFact(cid, "web", null));
        Assert.Empty(await Find(served, $"{cid}"));
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/8816/http", "http://127.0.0.1:8816/")]
    [InlineData("/dns/data.example/tcp/443/https", "https://data.example/")]
    [InlineData("/dns4/data.example/tcp/443/tls/http/http-path/a%2Fb", "https://data.example/a/b")]
    [InlineData("/ip6/::1/tcp/80/http/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ", "http://[::1]/")]
    [InlineData("/ip4/127.0.0.1/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ", null)]
    [InlineData("/ip4/127.0.0.1/udp/4001", null)]
    public void Multiaddr_of_a_gateway_has_a_URL(string address, string? url) =>
        Assert.Equal(url, MultiaddrUrl.Of(Multiaddr.Parse(address))?.ToString());

    private static Cid PutEverywhere(CidStore store)
    {
        string folder = Path.Combine(Path.GetTempPath(), "arrowcid-nowhere/");
        Cid cid = store.Put(ServedStore.Numbers(3), new PutOptions
        {
            Locations =
            [
                "on the shelf", "grpc+tls://flight.example:8815", "file:///tmp/x",
                "/ip4/203.0.113.42/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
            ],
        }).Cid;
        (string Name, string Location, long Cost)[] places =
        [
            ("dear", "https://user:secret@dear.example/gw/?key=secret", 90), ("cheap", "http://cheap.example:8816", 1),
            ("here-too", "http://127.0.0.1:9/", 5), ("bucket", "s3://bucket/blocks", 0), ("folder", folder, 0),
            ("without", "http://without.example/", 0),
        ];
        foreach ((string name, string location, long cost) in places)
        {
            store.Places.Add(new BlockPlace { Name = name, Location = location, Cost = cost });
            if (name != "without") store.Registry.Facts.Append(new CopyFact(cid, name, new CopyState("block", 1, 1, 3, null)));
        }

        return cid;
    }

    private static async Task<(string Protocol, string Address)[]> Find(ServedStore served, string query)
    {
        using HttpResponseMessage answer = await served.Client.GetAsync($"/routing/v1/providers/{query}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var document = JsonDocument.Parse(await answer.Text());
        return
        [
            .. document.RootElement.GetProperty("Providers").EnumerateArray().Select(each =>
                (each.GetProperty("Protocols")[0].GetString()!, each.GetProperty("Addrs")[0].GetString()!)),
        ];
    }
}
