using System.Net;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The trustless gateway: blocks, caching, ranges, errors, origins. Many cases are those of
/// gateway-conformance, asserted anew.</summary>
public sealed class GatewayTests
{
    private const string RawRoot = "bafybeie72edlprgtlwwctzljf6gkn2wnlrddqjbkxo3jomh4n7omwblxly";

    [Fact]
    public async Task A_batch_is_served_as_its_block()
    {
        await using ServedStore served = await ServedStore.Start();
        RecordBatch batch = ServedStore.Numbers(100);
        Cid cid = served.Store.Put(batch).Cid;
        foreach ((string query, string accept) in new[] { ("?format=raw", "*/*"), ("", "application/vnd.ipld.raw") })
        {
            using HttpResponseMessage answer = await served.Client.Send("GET", $"/ipfs/{cid}{query}", ("Accept", accept));
            byte[] bytes = await answer.Bytes();
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, bytes));
            Assert.Equal("application/vnd.ipld.raw", answer.Header("Content-Type"));
            Assert.Equal($"\"{cid}.raw\"", answer.Header("ETag"));
            Assert.Equal("public, max-age=29030400, immutable", answer.Header("Cache-Control"));
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
            Assert.Equal(($"/ipfs/{cid}", $"{cid}"), (answer.Header("X-Ipfs-Path"), answer.Header("X-Ipfs-Roots")));
            Assert.StartsWith("attachment", answer.Header("Content-Disposition"));
            Assert.Contains($"{cid}.bin", answer.Header("Content-Disposition"));
            Assert.Equal(query.Length == 0 ? $"/ipfs/{cid}?format=raw" : "", answer.Header("Content-Location"));
        }

        using HttpResponseMessage file = await served.Client.Send("GET", $"/ipfs/{cid}");
        Assert.Equal("application/vnd.apache.arrow.stream", file.Header("Content-Type"));
        using ArrowReader reader = ArrowReader.Open(await file.Bytes());
        Assert.Equal(cid, CanonicalBlock.CidOf(reader.ReadView()!));
    }

    [Fact]
    public async Task HEAD_says_what_GET_would_without_the_bytes()
    {
        await using ServedStore served = await ServedStore.Start();
        PutResult put = served.Store.Put(ServedStore.Numbers(10));
        foreach (string query in new[] { "", "?format=raw", "?format=car" })
        {
            using HttpResponseMessage head = await served.Client.Send("HEAD", $"/ipfs/{put.Cid}{query}");
            using HttpResponseMessage get = await served.Client.Send("GET", $"/ipfs/{put.Cid}{query}");
            Assert.Equal((HttpStatusCode.OK, ""), (head.StatusCode, await head.Text()));
            foreach (string header in new[] { "ETag", "Content-Type", "Cache-Control", "Content-Disposition", "Accept-Ranges" })
                Assert.Equal(get.Header(header), head.Header(header));
            if (query != "?format=car") Assert.Equal(put.ByteLength, head.Content.Headers.ContentLength);
        }
    }

    [Theory]
    [InlineData("", "\"{0}\"")]
    [InlineData("?format=raw", "\"{0}.raw\"")]
    [InlineData("?format=raw", "W/\"{0}.raw\"")]
    [InlineData("?format=raw", "\"other\", \"{0}.raw\"")]
    [InlineData("?format=car", "*")]
    public async Task What_the_client_has_is_not_sent_again(string query, string tag)
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = served.Store.Put(ServedStore.Numbers(10)).Cid;
        string match = string.Format(null, tag, cid);
        using HttpResponseMessage answer = await served.Client.Send("GET", $"/ipfs/{cid}{query}", ("If-None-Match", match));
        Assert.Equal((HttpStatusCode.NotModified, ""), (answer.StatusCode, await answer.Text()));
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=100-", 100, -1)]
    [InlineData("bytes=-5", -5, 5)]
    [InlineData("bytes=5-99999999", 5, -1)]
    public async Task A_range_of_a_block_is_served(string range, int from, int count)
    {
        await using ServedStore served = await ServedStore.Start();
        foreach (int rows in new[] { 100, 200_000 })
        {
            Cid cid = served.Store.Put(ServedStore.Numbers(rows)).Cid;
            byte[] whole = await served.Client.GetByteArrayAsync($"/ipfs/{cid}?format=raw");
            int start = from < 0 ? whole.Length + from : from, length = count < 0 ? whole.Length - start : count;
            using HttpResponseMessage answer =
                await served.Client.Send("GET", $"/ipfs/{cid}?format=raw", ("Range", range));
            Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
            Assert.Equal($"bytes {start}-{start + length - 1}/{whole.Length}", answer.Header("Content-Range"));
            Assert.Equal(whole[start..(start + length)], await answer.Bytes());
            using HttpResponseMessage changed = await served.Client.Send("GET", $"/ipfs/{cid}?format=raw",
                ("Range", range), ("If-Range", "\"another\""));
            Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
            using HttpResponseMessage beyond = await served.Client.Send("GET", $"/ipfs/{cid}", ("Range", "bytes=99999999-"));
            Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        }
    }

    [Fact]
    public async Task A_large_batch_is_served_whole_and_as_a_file_of_small_blocks()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = served.Store.Put(ServedStore.Numbers(300_000)).Cid;
        using var car = new MemoryStream();
        Cid root = served.Store.Transfer.ExportCar([cid], car).Roots[0];
        Assert.NotEqual(cid, root);

        // Nobody has asked for the batch: the root is found all the same.
        byte[] file = await served.Client.GetByteArrayAsync($"/ipfs/{root}");
        Assert.Equal(cid, Cid.Sha256(Multicodec.Raw, file));
        Assert.Equal(car.ToArray(), await served.Client.GetByteArrayAsync($"/ipfs/{root}?format=car"));
        using HttpResponseMessage flat = await served.Client.Send("GET", $"/ipfs/{cid}?format=raw");
        Assert.Equal(file, await flat.Bytes());
        Assert.Equal(root.ToString(), flat.Header("X-Arrowcid-Dag"));
        const int Edge = 1 << 20;
        using HttpResponseMessage part = await served.Client.Send("GET", $"/ipfs/{root}",
            ("Range", $"bytes={Edge - 3}-{Edge + 3}"));
        Assert.Equal(file[(Edge - 3)..(Edge + 4)], await part.Bytes());
        byte[] node = await served.Client.GetByteArrayAsync($"/ipfs/{root}?format=raw");
        Assert.Equal(root, Cid.Sha256(Multicodec.DagPb, node));
        byte[] oneLeaf = await served.Client.GetByteArrayAsync($"/ipfs/{root}?format=car&entity-bytes=0:0");
        Assert.InRange(oneLeaf.Length, Edge, Edge + 1000);
    }

    [Theory]
    [InlineData("/ipfs/nonsense", 400)]
    [InlineData("/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku?format=raw", 404)]
    [InlineData("/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku?format=car", 404)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=tar", 406)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=dag-cbor", 406)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=nothing", 400)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=car&car-version=2", 406)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=car&car-order=random", 406)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=car&car-dups=maybe", 400)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=car&dag-scope=much", 400)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=car&entity-bytes=5", 400)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk?format=car&entity-bytes=9:5", 400)]
    [InlineData("/ipfs/bafkqabtimvwgy3yk/path", 404)]
    [InlineData("/routing/v1/providers/nonsense", 422)]
    public async Task Errors_are_plain_text_for_any_origin_and_are_not_kept(string path, int status)
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await served.Client.Send("GET", path);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.StartsWith("text/plain", answer.Header("Content-Type"));
        Assert.NotEqual("", await answer.Text());
        Assert.Equal(("*", "no-store", ""), (answer.Header("Access-Control-Allow-Origin"), answer.Header("Cache-Control"),
            answer.Header("ETag")));
    }

    [Fact]
    public async Task What_is_wanted_only_if_it_is_here_is_refused_as_such()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await served.Client.Send("GET",
            "/ipfs/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", ("Cache-Control", "only-if-cached"));
        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.StatusCode);
    }

    [Fact]
    public async Task The_probe_answers()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage raw = await served.Client.Send("GET", "/ipfs/bafkqaaa?format=raw");
        Assert.Equal((HttpStatusCode.OK, 0), (raw.StatusCode, (await raw.Bytes()).Length));
        using HttpResponseMessage car = await served.Client.Send("GET", "/ipfs/bafkqaaa?format=car");
        Assert.Equal(HttpStatusCode.OK, car.StatusCode);
        Assert.Equal("hello\n", await served.Client.GetStringAsync("/ipfs/bafkqabtimvwgy3yk"));
    }

    [Theory, InlineData("GET"), InlineData("OPTIONS")]
    public async Task Pages_of_any_origin_may_read(string method)
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await served.Client.Send(method, "/ipfs/bafkqabtimvwgy3yk",
            ("Origin", "https://example.com"));
        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal("*", answer.Header("Access-Control-Allow-Origin"));
        Assert.Contains("GET", answer.Header("Access-Control-Allow-Methods"));
        Assert.Contains("Range", answer.Header("Access-Control-Allow-Headers"));
        Assert.Contains("Content-Range", answer.Header("Access-Control-Expose-Headers"));
    }

    [Fact]
    public async Task Blocks_of_others_are_served_with_their_paths()
    {
        await using ServedStore served = await ServedStore.Start();
        Import(served, "gateway-raw-block.car");
        byte[] raw = await served.Client.GetByteArrayAsync($"/ipfs/{RawRoot}/dir/ascii.txt?format=raw");
        Assert.Equal("hello application/vnd.ipld.raw\n", Encoding.UTF8.GetString(raw));
        using HttpResponseMessage text = await served.Client.Send("GET", $"/ipfs/{RawRoot}/dir/ascii.txt",
            ("Range", "bytes=6-16"));
        Assert.Equal((HttpStatusCode.PartialContent, "application"), (text.StatusCode, await text.Text()));
        Assert.StartsWith("text/plain", text.Header("Content-Type"));
        using HttpResponseMessage none = await served.Client.Send("GET", $"/ipfs/{RawRoot}/dir/nothing.txt?format=car");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        using HttpResponseMessage directory = await served.Client.Send("GET", $"/ipfs/{RawRoot}/dir");
        Assert.Equal(HttpStatusCode.NotAcceptable, directory.StatusCode);
    }

    [Fact]
    public async Task A_manifest_leads_to_its_batches()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid small = served.Store.Put(ServedStore.Numbers(10)).Cid, large = served.Store.Put(ServedStore.Numbers(200_000)).Cid;
        Cid dataset = served.Store.Datasets.Put([small, large]).Cid;
        byte[] first = await served.Client.GetByteArrayAsync($"/ipfs/{dataset}/batches/0/cid?format=raw");
        Assert.Equal(small, Cid.Sha256(Multicodec.Raw, first));
        byte[] second = await served.Client.GetByteArrayAsync($"/ipfs/{dataset}/batches/1/dag");
        Assert.Equal(large, Cid.Sha256(Multicodec.Raw, second));
        byte[] car = await served.Client.GetByteArrayAsync($"/ipfs/{dataset}?format=car");
        await using ServedStore other = await ServedStore.Start();
        CarImport import = other.Store.Transfer.ImportCar(new MemoryStream(car));
        Assert.Equal([small, large], other.Store.Datasets.TryGet(dataset));
        Assert.Equal(0, import.Missing);
        using HttpResponseMessage inside = await served.Client.Send("GET", $"/ipfs/{dataset}/rows?format=dag-cbor");
        Assert.Equal(HttpStatusCode.NotImplemented, inside.StatusCode);
        using HttpResponseMessage node = await served.Client.Send("GET", $"/ipfs/{dataset}?format=dag-cbor");
        Assert.Equal(dataset, Cid.Sha256(Multicodec.DagCbor, await node.Bytes()));
    }

    [Fact]
    public async Task A_byte_that_changed_on_the_disk_is_noticed_each_time()
    {
        await using ServedStore served = await ServedStore.Start();
        foreach (int rows in new[] { 1000, 200_000 })
        {
            Cid cid = served.Store.Put(ServedStore.Numbers(rows)).Cid;
            byte[] whole = await served.Client.GetByteArrayAsync($"/ipfs/{cid}?format=raw");
            string location;
            using (BatchLease lease = served.Store.TryGet(cid)!) location = lease.Location;
            int plus = location.LastIndexOf('+');
            using (var segment = new FileStream(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            {
                segment.Position = long.Parse(location[(plus + 1)..], null) + 900;
                int found = segment.ReadByte();
                segment.Position--;
                segment.WriteByte((byte)(found ^ 1));
            }

            foreach (string path in new[] { $"/ipfs/{cid}?format=raw", $"/ipfs/{cid}?format=car", $"/ipfs/{cid}", $"/v1/blocks/{cid}?format=csv" })
            {
                HttpStatusCode? status = await Reads(served, path);
                // A CAR may be under way, and is then broken off.
                if (path.Contains("car")) Assert.NotEqual(HttpStatusCode.OK, status);
                else Assert.Equal(HttpStatusCode.InternalServerError, status);
            }

            // The damage is recorded, so that nothing of the block is sent until it is repaired.
            using (HttpResponseMessage end = await served.Client.Send("GET", $"/ipfs/{cid}", ("Range", "bytes=-100")))
                Assert.Equal(HttpStatusCode.InternalServerError, end.StatusCode);
            Assert.True(served.Store.Put(ServedStore.Numbers(rows)).IsRepaired);
            Assert.Equal(whole, await served.Client.GetByteArrayAsync($"/ipfs/{cid}?format=raw"));
        }
    }

    [Fact]
    public async Task Routing_names_this_server_for_what_is_here()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = served.Store.Put(ServedStore.Numbers(10)).Cid;
        string json = await served.Client.GetStringAsync($"/routing/v1/providers/{cid}");
        Assert.Contains("transport-ipfs-gateway-http", json);
        Assert.Contains($"/ip4/127.0.0.1/tcp/{served.Address.Port}/http", json);
        using HttpResponseMessage lines = await served.Client.Send("GET",
            $"/routing/v1/providers/{cid}?filter-addrs=https,tcp,webrtc&filter-protocols=unknown,transport-ipfs-gateway-http",
            ("Accept", "application/x-ndjson, application/json;q=0.8"));
        Assert.Equal("application/x-ndjson", lines.Header("Content-Type"));
        Assert.StartsWith("{\"Schema\":\"peer\"", await lines.Text());
        string none = await served.Client.GetStringAsync(
            "/routing/v1/providers/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
        Assert.Equal("{\"Providers\":[]}", none);
    }

    [Theory]
    [InlineData("application/json, application/x-ndjson;q=0.5", "application/json")]
    [InlineData("application/x-ndjson;q=0.5, application/json;q=0.4", "application/x-ndjson")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/html", "application/json")]
    public async Task Routing_answers_in_the_form_that_is_preferred(string accept, string type)
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await served.Client.Send("GET", "/routing/v1/providers/bafkqaaa", ("Accept", accept));
        Assert.StartsWith(type, answer.Header("Content-Type"));
    }

    [Theory]
    [InlineData("https://data.example/", "/dns/data.example/tcp/443/https")]
    [InlineData("http://10.0.0.7:8816", "/ip4/10.0.0.7/tcp/8816/http")]
    [InlineData("http://[fd00::7]:8816/", "/ip6/fd00::7/tcp/8816/http")]
    [InlineData("https://data.example/blocks/one", "/dns/data.example/tcp/443/tls/http/http-path/blocks%2Fone")]
    public async Task Routing_names_the_public_URL(string url, string address)
    {
        await using ServedStore served = await ServedStore.Start(_ =>
            new Server.CidServerOptions { Flight = ServedStore.Any, Http = ServedStore.Any, PublicUrl = new Uri(url) });
        string json = await served.Client.GetStringAsync("/routing/v1/providers/bafkqaaa");
        Assert.Contains($"\"Addrs\":[\"{address}\"]", json);
    }

    internal static void Import(ServedStore served, string car)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Data", "car", car));
        _ = served.Store.Transfer.ImportCar(file, new CarImportOptions { Partial = true });
    }

    /// <summary>The status of an answer that was read to its end; null where it was broken off.</summary>
    private static async Task<HttpStatusCode?> Reads(ServedStore served, string path)
    {
        try
        {
            using HttpResponseMessage answer = await served.Client.Send("GET", path);
            _ = await answer.Bytes();
            return answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return null;
        }
    }
}
