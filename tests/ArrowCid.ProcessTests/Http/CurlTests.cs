using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Server.Access;
using ArrowCid.Server.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.ProcessTests.Http;

/// <summary>curl asks every route of <c>arrowcid serve</c>; the routes are the server's own, so that none is
/// forgotten.</summary>
public sealed partial class CurlTests
{
    private const string NoSession = "/v1/sync/00000000000000000000000000000000";

    private const string Csv = "a,b\n1,x\n2,y\n";

    [ProgramFact("curl")]
    public void curl_gets_what_each_route_is_for()
    {
        using ServedStore served = ServedStore.Start();
        string cid = CidPattern().Match(Ask(served, "POST", "/v1/blocks?name=letters&tag=day%3Dmonday", "content-type: text/csv", Csv).Body).Value;
        string ours = $"/v1/blocks/{cid}";
        // In this order: what is removed is removed last.
        (string Method, string Pattern, string Path, string Type, string? Body, int Status, string Has)[] calls =
        [
            ("POST", "/v1/blocks", "/v1/blocks?producer=curl", "text/csv", Csv, 200, cid),
            ("PUT", "/v1/blocks/{cid}", $"/v1/blocks/{Cid.Sha256(Multicodec.Raw, "hello"u8)}", "application/octet-stream", "hello", 201,
                "\"isNew\":true"),
            ("GET", "/v1/openapi.json", "/v1/openapi.json", "", null, 200, "\"openapi\": \"3.1.0\""),
            ("GET", "/v1/blocks", "/v1/blocks?filter=tag.day%20%3D%20%22monday%22", "", null, 200, cid),
            ("GET", "/v1/blocks/{cid}", "/v1/blocks/@letters?format=json", "", null, 200, "{\"a\":2,\"b\":\"y\"}"),
            ("GET", "/v1/datasets/{name}.parquet", "/v1/datasets/letters.parquet", "", null, 200, "PAR1"),
            ("GET", "/v1/blocks/{cid}/columns", $"{ours}/columns", "", null, 200, "\"fingerprint\":\"lfp1-"),
            ("GET", "/v1/blocks/{cid}/info", $"{ours}/info", "", null, 200, "\"name\":\"a\",\"type\":\"int64\""),
            ("POST", "/v1/blocks/{cid}/tags", $"{ours}/tags", "application/json", "{\"day\":null,\"k\":\"v\"}", 200, "\"k\":\"v\""),
            ("PUT", "/v1/names/{name}", "/v1/names/other", "application/json", $"{{\"cid\":\"{cid}\",\"expected\":null}}", 200, cid),
            ("GET", "/v1/names", "/v1/names", "", null, 200, "letters"),
            ("GET", "/v1/names/{name}", "/v1/names/other", "", null, 200, cid),
            ("GET", "/v1/blocks/{cid}/links", "/v1/blocks/@letters/links", "", null, 200, "\"children\":[]"),
            ("GET", "/v1/blocks/{cid}/statements", $"{ours}/statements", "", null, 200, ""),
            ("GET", "/v1/history/{name}", "/v1/history/letters", "", null, 200, cid),
            ("GET", "/v1/places", "/v1/places", "", null, 200, ""),
            ("GET", "/v1/watch", "/v1/watch?from=oldest", "", null, 200, "event: new"),
            ("GET", "/ipfs/{cid}/{**path}", $"/ipfs/{cid}?format=raw", "", null, 200, "\uFFFD\uFFFD"),
            ("GET", "/routing/v1/providers/{cid}", $"/routing/v1/providers/{cid}", "", null, 200, "transport-ipfs-gateway-http"),
            ("GET", "/health", "/health", "", null, 200, "ok"),
            ("GET", "/ready", "/ready", "", null, 200, "ready"),
            ("GET", "/config", "/config", "", null, 200, "\"name\":\"flight\",\"value\":\"127.0.0.1:0\",\"from\":\"--flight\""),
            ("GET", "/metrics", "/metrics", "", null, 200, "arrowcid_call_duration_seconds"),
            ("GET", "/", "/", "", null, 200, "ArrowCid explorer"),
            ("GET", "/explorer.css", "/explorer.css", "", null, 200, "prefers-color-scheme"),
            ("GET", "/explorer.js", "/explorer.js", "", null, 200, "application/vnd.ipld.raw"),
            ("GET", "/arrowcid.mjs", "/arrowcid.mjs", "", null, 200, "crypto.subtle"),
            ("GET", "/signing.mjs", "/signing.mjs", "", null, 200, "crypto.subtle"),
            ("GET", "/apache-arrow.js", "/apache-arrow.js", "", null, 200, "Apache Software Foundation"),
            ("GET", "/v1/audit", "/v1/audit", "", null, 200, cid),
            ("POST", "/v1/sync", "/v1/sync", "application/vnd.arrowcid.sync", "", 201, ""),
            ("POST", "/v1/sync/{id}", NoSession, "application/vnd.arrowcid.sync", "", 404, "no such session"),
            ("DELETE", "/v1/sync/{id}", NoSession, "", null, 404, "no such session"),
            ("GET", "/v1/sync/sum", "/v1/sync/sum", "", null, 200, "\"blockSum\":"),
            ("POST", "/v1/channels", "/v1/channels", "application/json", "{\"name\":\"notes\",\"open\":true}", 201, "\"name\":\"notes\""),
            ("GET", "/v1/channels", "/v1/channels", "", null, 200, "\"name\":\"notes\""),
            ("POST", "/v1/channels/{channel}/messages", "/v1/channels/notes/messages", "application/json", "{\"text\":\"hi\"}", 201, "bafyrei"),
            ("GET", "/v1/channels/{channel}/messages", "/v1/channels/notes/messages", "", null, 200, ": reading"),
            ("POST", "/v1/channels/{channel}/exchange", "/v1/channels/notes/exchange", "application/vnd.arrowcid.channel", "", 200, "heads"),
            ("DELETE", "/v1/names/{name}", "/v1/names/other", "", null, 204, ""),
            ("DELETE", "/v1/names/{name}", "/v1/names/letters", "", null, 204, ""),
            ("DELETE", "/v1/blocks/{cid}", ours, "", null, 200, "\"isRemoved\":true"),
        ];
        Assert.Equal(Routes().Order(), calls.Select(call => $"{call.Method} {call.Pattern}").Distinct().Order());
        foreach ((string method, _, string path, string type, string? body, int status, string has) in calls)
        {
            (int found, string text) = Ask(served, method, path, type.Length > 0 ? $"content-type: {type}" : "x-none: 1", body);
            Assert.True(found == status, $"{method} {path}: {found}, {text}");
            Assert.Contains(has, text);
            if (method != "GET" || IsEndless(method, path)) continue;
            (found, text) = Ask(served, "HEAD", path, "x-none: 1", null);
            Assert.True(found == status && text.Length == 0, $"HEAD {path}: {found}, {text}");
        }

        Assert.Equal(405, Ask(served, "PATCH", "/v1/blocks", "x-none: 1", null).Status);
        Assert.Equal(404, Ask(served, "GET", "/no/such/route", "x-none: 1", null).Status);
        Assert.Equal(410, Ask(served, "GET", ours, "x-none: 1", null).Status);
    }

    private static (int Status, string Body) Ask(ServedStore served, string method, string path, string header, string? body)
    {
        string[] how = method == "HEAD" ? ["--head", "-o", "/dev/null"] : ["-X", method];
        string[] data = body is null ? [] : ["--data-binary", body];
        // What came in the time is the answer of one that never ends.
        bool isWatch = IsEndless(method, path);
        CommandResult result = Command.Program("curl", ["-sS", "--no-buffer", "--max-time", isWatch ? "3" : "100", .. how, .. data,
            "-H", $"authorization: Bearer {served.Token}", "-H", header, "-w", "\n%{http_code}", $"{served.Http}{path}"]);
        Assert.True(result.ExitCode == (isWatch ? 28 : 0), $"{method} {path}: {result.ExitCode}, {result.Errors}");
        int end = result.Text.LastIndexOf('\n');
        return (int.Parse(result.Text[(end + 1)..], null), result.Text[..end]);
    }

    private static bool IsEndless(string method, string path) => path.StartsWith("/v1/watch", StringComparison.Ordinal) ||
        (method == "GET" && path.EndsWith("/messages", StringComparison.Ordinal));

    private static IEnumerable<string> Routes()
    {
        using var folder = new TemporaryFolder();
        using CidStore store = CidStore.Open(folder.Store);
        var gate = new AccessGate(new AccessSettings(), NullLogger.Instance);
        var guard = new Guard(gate, new ClientLimits(new LimitSettings(), TimeProvider.System));
        using var service = new HttpService(store, guard, new OriginRules([], []), NullLogger.Instance, default);
        return [.. HttpRoutes.All(service).Select(route => $"{route.Method} {route.Pattern}")];
    }

    [GeneratedRegex("bafkrei[a-z2-7]{52}")]
    private static partial Regex CidPattern();
}
