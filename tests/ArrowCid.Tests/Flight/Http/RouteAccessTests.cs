using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using ArrowCid.Flight;
using ArrowCid.Flight.Access;
using ArrowCid.Flight.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Every route without a token, with a wrong one, and with one that is too small; none can be forgotten, for
/// the routes are asked of the server itself.</summary>
public sealed class RouteAccessTests
{
    private const string ReadToken = "read-token-0123456789", PutToken = "put-token-0123456789";

    [Fact]
    public async Task No_route_answers_without_the_right_token()
    {
        await using ServedStore served = await ServedStore.Start(Tokens);
        Cid cid = served.Store.Put(ServedStore.Numbers(3)).Cid;
        foreach (Route route in Routes(served))
        {
            string path = route.Pattern.Replace("{cid}", $"{cid}").Replace("/{**path}", "").Replace("{name}", "a");
            HttpStatusCode without = await Status(served, route, path, null);
            if (route.Need is null or AccessNeed.Fetch) Assert.True(IsPassed(without), $"{route.Method} {path}: {without}");
            else Assert.True(without == HttpStatusCode.Unauthorized, $"{route.Method} {path}: {without}");
            if (route.Need is null) continue;
            Assert.Equal(HttpStatusCode.Unauthorized, await Status(served, route, path, "a-wrong-token-0123456789"));
            AccessScope least = AccessDecision.Least(route.Need.Value);
            foreach ((string token, AccessScope scope) in new[] { (ReadToken, AccessScope.Read), (PutToken, AccessScope.Put), (served.Token, AccessScope.Admin) })
            {
                HttpStatusCode status = await Status(served, route, path, token);
                Assert.True(scope < least ? status == HttpStatusCode.Forbidden : IsPassed(status),
                    $"{route.Method} {path} with {scope}: {status}");
            }
        }
    }

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
        else Assert.Contains("--allow-insecure", Assert.IsType<ArrowCidException>(error).Message);
    }

    private static CidServerOptions Tokens(ServedStore served)
    {
        string file = Path.Combine(served.Directory, "tokens");
        File.WriteAllText(file, $"# made by a test\nreader read sha256:{Hash(ReadToken)}\nputter put sha256:{Hash(PutToken)} 2999-01-01\n");
        return new CidServerOptions { Http = ServedStore.Any, Flight = null, TokenFile = file };

        static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)));
    }

    private static IReadOnlyList<Route> Routes(ServedStore served)
    {
        var gate = AccessGate.Open(new AccessSettings(), null, NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(served.Store, guard, new OriginRules([], []), NullLogger.Instance, default);
        return HttpRoutes.All(service);
    }

    /// <summary>The gate let it through; what came of it is another matter.</summary>
    private static bool IsPassed(HttpStatusCode status) =>
        status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) && (int)status < 500;

    private static async Task<HttpStatusCode> Status(ServedStore served, Route route, string path, string? token)
    {
        using HttpClient client = served.Connect(token);
        using HttpResponseMessage answer = await client.Send(route.Method, path);
        return answer.StatusCode;
    }
}
