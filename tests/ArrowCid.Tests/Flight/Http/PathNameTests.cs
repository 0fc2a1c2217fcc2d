using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit.Abstractions;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Names in paths and queries: every name that a store takes is one over HTTP.</summary>
public sealed class PathNameTests(ITestOutputHelper output) : ServedStoreTests
{
    [Fact]
    public async Task Name_with_slashes_is_the_same_encoded_or_not()
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(3)).Cid;
        _ = Served.Store.Names.Set("registry/monday", cid);
        foreach (string path in new[] { "/v1/names/registry/monday", "/v1/names/registry%2Fmonday", "/v1/names/registry%2fmonday", "/v1/names/%72egistry/monday" })
            Assert.Equal("registry/monday", (await Json("GET", path)).GetProperty("name").GetString());
        foreach (string path in new[] { "/v1/blocks/@registry/monday/info", "/v1/blocks/%40registry%2Fmonday/info", "/v1/blocks/@registry%2Fmonday/info" })
            Assert.Equal($"{cid}", (await Json("GET", path)).GetProperty("cid").GetString());
        _ = await Json("POST", "/v1/blocks/@registry/monday/tags", """{"k": "v"}""");
        Assert.Equal("v", Served.Store.Metadata.Get(cid)!.Tags["k"]);
        _ = await Json("PUT", "/v1/names/x%2Fy", $$"""{"cid": "{{cid}}"}""");
        Assert.Equal(["registry/monday", "x/y"], Served.Store.Names.List().Select(change => change.Name));
        _ = Served.Store.Names.Set("a/info", cid);
        using HttpResponseMessage csv = await Served.Owner.Send("GET", "/v1/blocks/@a%2Finfo?format=csv");
        Assert.Equal("text/csv; charset=utf-8; header=present".Split(';')[0], csv.Header("Content-Type").Split(';')[0]);
        Assert.Equal($"/v1/blocks/{cid}", csv.Header("Content-Location"));
    }

    [Fact]
    public async Task Name_of_any_allowed_characters_round_trips()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        Cid cid = Served.Store.Put(ServedStore.Numbers(3)).Cid;
        for (int i = 0; i < 300; i++)
        {
            string name = RandomName(random), encoded = Uri.EscapeDataString(name);
            string apart = string.Join('/', name.Split('/').Select(Uri.EscapeDataString));
            bool isPlain = name.Split('/').All(part => part is not ("" or "." or ".."));
            string path = isPlain && random.Next(2) == 0 ? apart : encoded;
            string what = $"{JsonSerializer.Serialize(name)} as {path}";
            Assert.True(name == (await Json("PUT", $"/v1/names/{path}", $$"""{"cid": "{{cid}}", "expected": null}""")).GetProperty("name").GetString(), what);
            Assert.True(Served.Store.Names.Resolve(name) == cid, what);
            Assert.True(name == (await Json("GET", $"/v1/names/{path}")).GetProperty("name").GetString(), what);
            bool endsInRoute = path.EndsWith("/info", StringComparison.Ordinal) || path.EndsWith("/tags", StringComparison.Ordinal);
            using HttpResponseMessage block = await Served.Owner.Send("GET", $"/v1/blocks/@{(endsInRoute ? encoded : path)}");
            Assert.True(block.Header("ETag") == $"\"{cid}.arrow\"", what);
            using HttpResponseMessage removed = await Served.Owner.Send("DELETE", $"/v1/names/{path}");
            Assert.True(removed.StatusCode == HttpStatusCode.NoContent, what);
            Assert.Empty(Served.Store.Names.List());
            using var content = new StringContent("a\n1\n", Encoding.UTF8, "text/csv");
            using HttpResponseMessage put = await Served.Owner.PostAsync($"/v1/blocks?name={encoded}", content);
            Assert.True(put.IsSuccessStatusCode && Served.Store.Names.List().Single().Name == name, what);
            _ = Served.Store.Names.Remove(name);
        }
    }

    [Theory]
    [InlineData("/v1/names/%C3%28")]
    [InlineData("/v1/names/%ED%A0%80")]
    [InlineData("/v1/names/%FF")]
    [InlineData("/v1/names/a%2")]
    [InlineData("/v1/names/a%")]
    [InlineData("/v1/names/%zz")]
    [InlineData("/v1/names/%C2%9B")]
    [InlineData("/v1/names/%1B")]
    [InlineData("/v1/names/%7F")]
    [InlineData("/v1/names/%20a")]
    [InlineData("/v1/names/a?%FF=1")]
    [InlineData("/v1/names/a?nonsense=1")]
    public async Task Name_that_is_not_one_is_refused_and_nothing_is_named(string target)
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(3)).Cid;
        (int status, string body) = await Raw("PUT", target, $$"""{"cid": "{{cid}}"}""");
        Assert.True(status == 400, $"{status} {body}");
        Assert.Empty(Served.Store.Names.List());
    }

    [Fact]
    public async Task Path_with_dots_names_nothing_that_it_does_not_say()
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(3)).Cid;
        foreach (string target in new[] { "/v1/names/a/../b", "/v1/names/%2E%2E/names/b", "/v1/blocks/../names/b", "/v1/%6eames/b", "/v1/names/.", "/v1/names/.." })
        {
            (int status, _) = await Raw("PUT", target, $$"""{"cid": "{{cid}}"}""");
            Assert.True(status is >= 400 and < 500, $"{target}: {status}");
            Assert.Empty(Served.Store.Names.List());
        }

        (int whole, string body) = await Raw("PUT", $"http://{Served.Address}/v1/names/x%2Fy?", $$"""{"cid": "{{cid}}"}""");
        Assert.True(whole == 200, body);
        Assert.Equal("x/y", Served.Store.Names.List().Single().Name);
    }

    [Fact]
    public async Task Parameter_that_is_not_known_is_refused_by_its_name()
    {
        Cid cid = Served.Store.Put(ServedStore.Numbers(3)).Cid;
        foreach ((string path, string has) in new[]
        {
            ($"/v1/blocks/{cid}?nonsense=1", "'nonsense' is not a parameter"), ("/v1/blocks?limit=1&Filter=a", "filter, limit"),
            ("/v1/names?prefix=a", "it takes none"), ($"/v1/blocks/{cid}/info?x", "'x'"), ("/v1/openapi.json?a=b", "'a'"),
            ("/v1/watch?since=now", "from, filter"),
        })
        {
            using HttpResponseMessage answer = await Served.Owner.Send("GET", path);
            string text = await answer.Text();
            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest && text.Contains(has, StringComparison.Ordinal), $"{path}: {text}");
        }
    }

    [Fact]
    public async Task Unknown_route_or_method_of_the_API_is_an_error_of_its_form()
    {
        foreach ((string method, string path, int status) in new[]
        {
            ("GET", "/v1/", 404), ("GET", "/v1", 404), ("GET", "/v1/nonsense", 404), ("POST", "/v1/nonsense/more", 404),
            ("PATCH", "/v1/names/a", 405), ("DELETE", "/v1/blocks", 405), ("PUT", "/v1/blocks/@a/info", 405),
        })
        {
            using HttpResponseMessage answer = await Served.Owner.Send(method, path);
            Assert.True((int)answer.StatusCode == status, $"{method} {path}: {answer.StatusCode}");
            JsonElement error = JsonSerializer.Deserialize<JsonElement>(await answer.Text()).GetProperty("error");
            Assert.Equal("invalidArgument", error.GetProperty("code").GetString());
            if (status == 405) Assert.NotEqual("", answer.Header("Allow"));
        }
    }

    private static string RandomName(Random random)
    {
        const string Hard = "/%@?#&=+ .:;,\\\"'<>{}[]|^`~!$*()_-";
        var text = new StringBuilder();
        int length = random.Next(1, 20);
        while (text.Length < length)
        {
            text.Append(random.Next(5) switch
            {
                0 or 1 => $"{Hard[random.Next(Hard.Length)]}",
                2 => $"{(char)random.Next('a', 'z')}",
                3 => new Rune(random.Next(0xA0, 0xD7FF)).ToString(),
                _ => random.Next(8) switch
                {
                    0 => "%2F",
                    1 => "/info",
                    2 => "\u202E",
                    3 => "../",
                    4 => "/./",
                    5 => "%25",
                    _ => new Rune(random.Next(0x10000, 0x10FFFF)).ToString(),
                },
            });
        }

        string name = text.ToString().Trim(' ');
        // These two cannot be written in a path.
        return name is "" or "." or ".." ? "dots" : name;
    }

    private async Task<JsonElement> Json(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body);
        using HttpResponseMessage answer = await Served.Owner.SendAsync(request);
        string text = await answer.Text();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {answer.StatusCode} {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Sends a request as it is written: a client's own library would put paths in order.</summary>
    private async Task<(int Status, string Text)> Raw(string method, string target, string body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Served.Address);
        using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {Served.Address}\r\nAuthorization: Bearer {Served.Token}\r\n" +
            $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        using var reader = new StreamReader(stream);
        string text = await reader.ReadToEndAsync();
        return (int.Parse(text.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), text);
    }
}
