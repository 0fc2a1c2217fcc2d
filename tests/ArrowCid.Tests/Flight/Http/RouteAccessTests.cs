using System.Net;
using ArrowCid.Server;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Origins, hosts, limits and addresses that the HTTP port refuses.</summary>
public sealed class RouteAccessTests
{
    [Fact]
    public async Task A_page_of_another_origin_and_a_name_that_was_turned_here_are_refused()
    {
        await using ServedStore served = await ServedStore.Start(served => new CidServerOptions
        {
            Http = ServedStore.Any,
            Flight = null,
            Origins = ["https://app.example"],
            Hosts = ["data.example"],
        });
        foreach (string path in new[] { "/v1/blocks", "/v1/openapi.json", "/metrics" })
        {
            using HttpResponseMessage foreign = await served.Owner.Send("GET", path, ("Origin", "https://evil.example"));
            Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
            Assert.Equal("", foreign.Header("Access-Control-Allow-Origin"));
            using HttpResponseMessage turned = await served.Owner.Send("GET", path, ("Host", "evil.example"));
            Assert.Equal(HttpStatusCode.MisdirectedRequest, turned.StatusCode);
            using HttpResponseMessage meant = await served.Owner.Send("GET", path, ("Host", "data.example:80"));
            Assert.Equal(HttpStatusCode.OK, meant.StatusCode);
            foreach (string host in new[] { "127.0.0.1:99999", "localhost:", "localhost:-1", "[::1]:70000", "127.0.0.1:80a" })
            {
                using HttpResponseMessage port = await served.Owner.Send("GET", path, ("Host", host));
                Assert.True((int)port.StatusCode is 421 or 400, $"{host}: {port.StatusCode}");
            }

            using HttpResponseMessage listed = await served.Owner.Send("GET", path, ("Origin", "https://app.example"));
            Assert.Equal("https://app.example", listed.Header("Access-Control-Allow-Origin"));
        }

        using HttpResponseMessage asked = await served.Client.Send("OPTIONS", "/v1/blocks", ("Origin", "https://evil.example"));
        Assert.Equal("", asked.Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_client_that_asks_too_often_is_told_when_to_come_again()
    {
        await using ServedStore served = await ServedStore.Start(served => new CidServerOptions
        {
            Http = ServedStore.Any,
            Flight = null,
            CallsPerSecond = 1,
        });
        HttpResponseMessage? refused = null;
        for (int i = 0; i < 10_000 && refused is null; i++)
        {
            HttpResponseMessage answer = await served.Client.Send("GET", "/ipfs/bafkqaaa?format=raw");
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) refused = answer;
            else answer.Dispose();
        }

        Assert.NotNull(refused);
        Assert.NotEqual("", refused.Header("Retry-After"));
        refused.Dispose();
    }

    [Theory]
    [InlineData("0.0.0.0", null, false, false)]
    [InlineData("::", null, false, false)]
    [InlineData("0.0.0.0", "tokens", false, false)]
    [InlineData("0.0.0.0", null, true, true)]
    [InlineData("127.0.0.1", null, false, true)]
    [InlineData("::1", null, false, true)]
    public void Beyond_this_machine_TLS_and_a_token_are_needed(string address, string? tokens, bool isAllowed, bool starts)
    {
        var options = new CidServerOptions
        {
            Flight = null,
            Http = new IPEndPoint(IPAddress.Parse(address), 0),
            AllowInsecure = isAllowed,
        };
        Exception? error = Record.Exception(() => options.RequireSafe(tokens is not null));
        if (starts) Assert.Null(error);
        else Assert.Contains(nameof(CidServerOptions.AllowInsecure), Assert.IsType<ArrowCidException>(error).Remedy?.Argument);
    }
}
