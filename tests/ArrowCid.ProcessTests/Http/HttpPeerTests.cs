using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Http;

/// <summary><c>arrowcid serve</c> over HTTP, asked by programs that others wrote.</summary>
public sealed class HttpPeerTests
{
    private const int Rows50MB = 6_500_000;

    [HttpPeerFact(HttpPeer.Helia)]
    public async Task IPFS_clients_fetch_a_batch_of_50_MB_and_notice_a_byte_that_changed()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(Numbers(Rows50MB)).Cid;
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        string root = await RootOf(client, cid);
        string[] lines = Node("interop/node/check-gateway.mjs", served.Http, $"{cid}", root).Lines;
        long length = store.Metadata.TryFind(cid)!.Value.ByteLength;
        long blocks = ((length + (1 << 20) - 1) >> 20) + 1;
        Assert.Equal([$"helia same {blocks} {length}", $"car same {blocks} {length}"], lines);

        Damage.Change(store, cid, 5_000_000);
        Assert.Equal(["helia noticed", "car noticed"],
            Node("interop/node/check-gateway.mjs", served.Http, $"{cid}", root, "damaged").Lines);
    }

    [HttpPeerFact(HttpPeer.VerifiedFetch)]
    public async Task Verified_fetch_of_Helia_fetches_a_batch_of_50_MB_and_notices_a_byte_that_changed()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(Numbers(Rows50MB)).Cid;
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        string root = await RootOf(client, cid);
        Assert.Equal($"same {store.Metadata.TryFind(cid)!.Value.ByteLength}\n", Verified().Text);
        Damage.Change(store, cid, 5_000_000);
        Assert.StartsWith("noticed", Verified().Text, StringComparison.Ordinal);

        CommandResult Verified() => Command.Program(HttpPeerFactAttribute.Node24,
            PathOf("interop/node/verified/check.mjs"), served.Http, HexOf(cid), root).Exits(0);
    }

    [HttpPeerFact(HttpPeer.VerifiedFetch)]
    public async Task Verified_fetch_of_Helia_fetches_a_batch_when_it_has_only_the_routing_URL()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid large = store.Put(Numbers(500_000)).Cid, small = store.Put(Numbers(1000)).Cid;
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        Assert.Equal($"same {store.Metadata.TryFind(large)!.Value.ByteLength}\n", Fetch(large, await RootOf(client, large)).Text);
        Assert.Equal($"same {store.Metadata.TryFind(small)!.Value.ByteLength}\n", Fetch(small, $"{small}").Text);

        CommandResult Fetch(Cid cid, string root) => Command.Program(HttpPeerFactAttribute.Node24,
            PathOf("interop/node/verified/check.mjs"), served.Http, HexOf(cid), root, "routing").Exits(0);
    }

    [HttpPeerFact(HttpPeer.PyArrow)]
    public void pyarrow_reads_what_it_fetches()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid[] cids = [store.Put(Numbers(1000)).Cid, store.Put(Numbers(200_000)).Cid];
        CommandResult read = Command.Program("/bin/sh", HttpPeerFactAttribute.Python,
            PathOf("interop/python/check_http.py"), served.Http, $"{cids[0]}", $"{cids[1]}").Exits(0);
        Assert.Equal([$"{HexOf(cids[0])} 1000 1000 same", $"{HexOf(cids[1])} 200000 200000 same"],
            read.Lines);
    }

    [HttpPeerFact(HttpPeer.PyArrow)]
    public void pyarrow_reads_a_column_of_a_dataset_by_ranges() => AssertColumnIsRead((url, token) => Command
        .Program("/bin/sh", HttpPeerFactAttribute.Python, PathOf("interop/python/check_ranges.py"), url, token).Exits(0));

    [HttpPeerFact(HttpPeer.Helia)]
    public void hyparquet_reads_a_column_of_a_dataset_by_ranges() =>
        AssertColumnIsRead((url, token) => Node("interop/node/check-ranges.mjs", url, token));

    [ProgramFact("curl")]
    public void curl_reads_a_dataset_by_ranges()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        _ = store.Names.Set("numbers", store.Datasets.Put([store.Put(Numbers(1000)).Cid]).Cid);
        string token = $"authorization: Bearer {served.Token}", url = $"{served.Http}/v1/datasets/numbers.parquet";
        byte[] whole = Curl("-H", token, url).Bytes;
        Assert.Equal(whole[^100..], Curl("-H", token, "-r", "-100", url).Bytes);
        Assert.Equal(whole[4..204], Curl("-H", token, "-r", "4-203", url).Bytes);
        Assert.Equal("401", Curl("-o", "/dev/null", "-w", "%{http_code}", url).Text);
    }

    [HttpPeerFact(HttpPeer.Node)]
    public void The_browsers_module_proves_what_it_fetches()
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        PutResult put = store.Put(Numbers(1000));
        Assert.Equal([$"verified {put.Cid} {put.ByteLength}", "refused hash", "refused size", "refused cid"],
            Node("interop/browser/check.mjs", served.Http, $"{put.Cid}").Lines);
    }

    [ProgramFact("curl")]
    public void curl_puts_lists_and_gets()
    {
        using ServedStore served = ServedStore.Start();
        string token = $"authorization: Bearer {served.Token}";
        CommandResult refused = Curl("-o", "/dev/null", "-w", "%{http_code}", $"{served.Http}/v1/blocks");
        Assert.Equal("401", refused.Text);
        CommandResult put = Curl("-H", token, "-H", "content-type: text/csv", "--data-binary", "a,b\n1,x\n2,y\n",
            $"{served.Http}/v1/blocks?name=letters");
        JsonElement made = JsonSerializer.Deserialize<JsonElement>(put.Text).GetProperty("blocks")[0];
        string cid = made.GetProperty("cid").GetString()!;
        Assert.Equal(2, made.GetProperty("rows").GetInt32());
        Assert.Contains(cid, Curl("-H", token, $"{served.Http}/v1/blocks?filter=name%20%3D%20%22letters%22").Text);
        Assert.Equal("{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n", Curl($"{served.Http}/v1/blocks/{cid}?format=json").Text);
        byte[] block = Curl($"{served.Http}/ipfs/{cid}?format=raw").Bytes;
        Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, block).ToString());
        Assert.Equal(cid, Command.Run(["hash", "-"], block, null).Succeeds().Text.Split(' ')[0]);
        Assert.Contains("arrowcid_call_duration_seconds", Curl("-H", token, $"{served.Http}/metrics").Text);
        Assert.Equal("ok\n", Curl($"{served.Http}/health").Text);
        Assert.StartsWith("ready", Curl($"{served.Http}/ready").Text);
    }

    [Fact]
    public async Task SIGTERM_ends_watchers_and_the_server_with_0()
    {
        using ServedStore served = ServedStore.Start();
        using var client = new HttpClient { BaseAddress = new Uri(served.Http) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", served.Token);
        using HttpResponseMessage watch = await client.GetAsync("/v1/watch", HttpCompletionOption.ResponseHeadersRead);
        using var events = new StreamReader(await watch.Content.ReadAsStreamAsync());
        Assert.Equal(": watching", await events.ReadLineAsync());
        // A client that never ends its request does not hold the end up either.
        using var stalled = new TcpClient();
        var at = new Uri(served.Http);
        await stalled.ConnectAsync(at.Host, at.Port);
        await stalled.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/blocks HTTP/1.1\r\nHost: localhost\r\n"
            + $"Authorization: Bearer {served.Token}\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\na,b\n"));
        Assert.Equal(0, served.Terminate());
        Assert.Contains("event: end", await events.ReadToEndAsync());
        using CidStore store = CidStore.Open(served.Directory);
        Assert.Empty(store.List());
    }

    [Fact]
    public async Task A_client_that_sends_its_request_slowly_is_let_go_and_holds_nobody_up()
    {
        using ServedStore served = ServedStore.Start();
        var at = new Uri(served.Http);
        using var slow = new TcpClient();
        await slow.ConnectAsync(at.Host, at.Port);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /health HTTP/1.1\r\nHost: loc"));
        using var client = new HttpClient { BaseAddress = at };
        Assert.Equal("ok\n", await client.GetStringAsync("/health"));
        using var answer = new StreamReader(slow.GetStream());
        Assert.Contains(" 408 ", await answer.ReadToEndAsync());
    }

    [Fact]
    public void Flags_go_before_variables_and_these_before_the_file()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("settings.json",
            """{ "serve": { "rate": 5, "streams": 6, "audience": "us", "origins": ["https://a.example", "https://b.example"] } }"""u8.ToArray());
        CommandResult check = Command.Shell($"ARROWCID_RATE=7 ARROWCID_STREAMS=8 \"$@\" serve --check --json --rate 9 --allow-insecure --config {file}")
            .Exits(0);
        Dictionary<string, (string?, string?)> said = check.Json.ToDictionary(line => line.GetProperty("name").GetString()!,
            line => (line.GetProperty("value").GetString(), line.GetProperty("from").GetString()));
        Assert.Equal(("9", "--rate"), said["rate"]);
        Assert.Equal(("8", "ARROWCID_STREAMS"), said["streams"]);
        Assert.Equal(("us", file), said["audience"]);
        Assert.Equal(("https://a.example,https://b.example", file), said["origins"]);
        Assert.Equal(("true", "--allow-insecure"), said["allow-insecure"]);
        Assert.Equal(("127.0.0.1:8815", "default"), said["flight"]);
    }

    [Theory]
    [InlineData("--flight 0.0.0.0:0", "needs TLS")]
    [InlineData("--http nonsense", "http is an address")]
    [InlineData("--token-file /nowhere", "/nowhere")]
    [InlineData("--tls-cert /nowhere", "/nowhere")]
    [InlineData("--tls-require-client", "TLS")]
    [InlineData("--log loud", "log is one of")]
    public void A_setting_that_is_wrong_is_said_before_anything_is_served(string flags, string message)
    {
        using var folder = new TemporaryFolder();
        foreach (string check in new[] { " --check", "" })
        {
            CommandResult run = Command.Run(["serve", .. $"{flags}{check}".Split(' '), "--store", folder.Store]);
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains(message, run.Errors);
        }
    }

    private static void AssertColumnIsRead(Func<string, string, CommandResult> read)
    {
        const int Rows = 20_000;
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        var random = new Random(1);
        // The random values of the other columns are most of the file.
        Cid[] cids = [.. Enumerable.Range(0, 3).Select(_ => store.Put(RecordBatch.Of(
            ("n", ArrowArray.From<long>(Enumerable.Range(0, Rows).Select(i => (long)i).ToArray())),
            ("x", ArrowArray.From<double>(Enumerable.Range(0, Rows).Select(_ => random.NextDouble()).ToArray())),
            ("y", ArrowArray.From<double>(Enumerable.Range(0, Rows).Select(_ => random.NextDouble()).ToArray())),
            ("z", ArrowArray.From<double>(Enumerable.Range(0, Rows).Select(_ => random.NextDouble()).ToArray())))).Cid)];
        _ = store.Names.Set("numbers/three", store.Datasets.Put(cids).Cid);
        Assert.Equal($"{3 * Rows} {3L * Rows * (Rows - 1) / 2} part\n",
            read($"{served.Http}/v1/datasets/numbers/three.parquet", served.Token).Text);
    }

    private static CommandResult Curl(params string[] arguments) =>
        Command.Program("curl", ["-sS", "--max-time", "100", .. arguments]).Exits(0);

    private static CommandResult Node(string script, params string[] arguments) =>
        Command.Program("node", [PathOf(script), .. arguments]).Exits(0);

    private static string PathOf(string file) => Path.Combine(Command.Root, file);

    private static async Task<string> RootOf(HttpClient client, Cid cid)
    {
        using var head = new HttpRequestMessage(HttpMethod.Head, $"/ipfs/{cid}?format=raw");
        using HttpResponseMessage answer = await client.SendAsync(head);
        return answer.Headers.GetValues("X-Arrowcid-Dag").Single();
    }

    private static RecordBatch Numbers(int rows) =>
        RecordBatch.Of(("n", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i * 7919).ToArray())));

    private static string HexOf(Cid cid) => Convert.ToHexStringLower(cid.Hash.Digest);
}
