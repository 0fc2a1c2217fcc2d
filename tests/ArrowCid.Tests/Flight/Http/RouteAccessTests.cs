using System.Net;
using System.Text.Json;
using ArrowCid.Server;
using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Origins, hosts, limits and addresses that the HTTP port refuses, and its document.</summary>
public sealed class RouteAccessTests
{
    [Fact]
    public async Task The_document_has_every_route_of_the_API_and_no_other()
    {
        await using ServedStore served = await ServedStore.Start();
        using JsonDocument document = JsonDocument.Parse(await served.Client.GetStringAsync("/v1/openapi.json"));
        Assert.Equal("3.1.0", document.RootElement.GetProperty("openapi").GetString());
        IEnumerable<string> told = document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path =>
            path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        IEnumerable<string> routes = Routes(served).Where(route => route.Kind == RouteKind.Api)
            .Select(route => $"{route.Method} {route.Pattern}");
        Assert.Equal(routes.Order(), told.Order());
        Assert.NotEmpty(document.RootElement.GetProperty("servers").EnumerateArray());
        JsonElement[] operations = [.. document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(method => method.Value))];
        Assert.Equal(operations.Length, operations.Select(each => each.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(operations, each => Assert.True(each.GetProperty("responses").TryGetProperty("4XX", out _)));
        // Each query parameter of a route is in the document, and no other.
        foreach (Route route in Routes(served).Where(route => route.Kind == RouteKind.Api))
        {
            JsonElement operation = document.RootElement.GetProperty("paths").GetProperty(route.Pattern).GetProperty(route.Method.ToLowerInvariant());
            string?[] parameters = operation.TryGetProperty("parameters", out JsonElement listed)
                ? [.. listed.EnumerateArray().Where(each => each.GetProperty("in").GetString() == "query").Select(each => each.GetProperty("name").GetString())]
                : [];
            Assert.Equal(route.Parameters.Order(), parameters.Order());
        }
    }

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

    private static IReadOnlyList<Route> Routes(ServedStore served)
    {
        var gate = new AccessGate(new AccessSettings(), NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(served.Store, guard, new OriginRules([], []), NullLogger.Instance, default);
        return HttpRoutes.All(service);
    }
}
