using System.Net;
using System.Text;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.Tests.Store;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>The API: batches in and out, listings, names, tags, watches.</summary>
public sealed class ApiTests
{
    private const string Csv = "sym,px\nES,1.5\nNQ,2.5\n";

    public static TheoryData<string> Forms => ["arrow", "parquet", "csv", "json"];

    [Theory, MemberData(nameof(Forms))]
    public async Task What_is_put_comes_back_in_each_form_under_one_CID(string form)
    {
        await using ServedStore served = await ServedStore.Start();
        RecordBatch batch = ServedStore.Numbers(10_000);
        Cid cid = served.Store.Put(batch).Cid;
        using HttpResponseMessage got = await served.Client.Send("GET", $"/v1/blocks/{cid}?format={form}");
        Assert.Equal(HttpStatusCode.OK, got.StatusCode);
        Assert.Equal($"\"{cid}.{form}\"", got.Header("ETag"));
        await using ServedStore other = await ServedStore.Start();
        string types = form is "csv" or "json" ? "?types=n=int64,x=float64" : "";
        using HttpResponseMessage put = await Put(other, types, await got.Bytes(), got.Header("Content-Type"));
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal($"/v1/blocks/{cid}", put.Header("Location"));
        Assert.Equal([(cid.ToString(), true)], await Blocks(put));
        using HttpResponseMessage again = await Put(other, types, await got.Bytes(), got.Header("Content-Type"));
        Assert.Equal((HttpStatusCode.OK, false), (again.StatusCode, (await Blocks(again))[0].IsNew));
        using HttpResponseMessage accepted = await served.Client.Send("GET", $"/v1/blocks/{cid}",
            ("Accept", got.Header("Content-Type").Split(';')[0]));
        Assert.Equal(got.Header("ETag"), accepted.Header("ETag"));
        using HttpResponseMessage known = await served.Client.Send("GET", $"/v1/blocks/{cid}?format={form}",
            ("If-None-Match", got.Header("ETag")));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
    }

    [Fact]
    public async Task A_dataset_comes_as_one_stream_and_as_an_archive()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid[] cids = [served.Store.Put(ServedStore.Numbers(10)).Cid, served.Store.Put(ServedStore.Numbers(150_000)).Cid];
        Cid dataset = served.Store.Datasets.Put(cids).Cid;
        using ArrowReader reader = ArrowReader.Open(await served.Client.GetByteArrayAsync($"/v1/blocks/{dataset}"));
        Assert.Equal(cids[0], CanonicalBlock.CidOf(reader.ReadView()!));
        Assert.Equal(cids[1], CanonicalBlock.CidOf(reader.ReadView()!));
        Assert.Null(reader.ReadView());
        using ParquetReader parquet =
            ParquetReader.Open(await served.Client.GetByteArrayAsync($"/v1/blocks/{dataset}?format=parquet"));
        Assert.Equal(cids, parquet.ClaimedCids);
        await using ServedStore other = await ServedStore.Start();
        byte[] car = await served.Client.GetByteArrayAsync($"/v1/blocks/{dataset}?format=car");
        _ = other.Store.Transfer.ImportCar(new MemoryStream(car));
        Assert.Equal(cids, other.Store.Datasets.TryGet(dataset));
        using HttpResponseMessage part = await served.Client.Send("GET", $"/v1/blocks/{dataset}?format=car", ("Range", "bytes=5-9"));
        Assert.Equal(car[5..10], await part.Bytes());
    }

    [Fact]
    public async Task What_is_said_with_a_put_is_listed_and_found()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage put = await Put(served, "?tag=sym=ES&tag=day=1&name=latest&producer=test&types=px=float64",
            Encoding.UTF8.GetBytes(Csv), "text/csv");
        string cid = (await Blocks(put))[0].Cid;
        _ = served.Store.Put(ServedStore.Numbers(5));
        Assert.Equal(2, (await Lines(served, "/v1/blocks")).Count);
        JsonElement entry = Assert.Single(await Lines(served, "/v1/blocks?filter=tag.sym%20%3D%20%22ES%22"));
        Assert.Equal((cid, "ES", "latest", "test"), (entry.GetProperty("cid").GetString(),
            entry.GetProperty("tags").GetProperty("sym").GetString(), entry.GetProperty("names")[0].GetString(),
            entry.GetProperty("producer").GetString()));
        JsonElement name = Assert.Single(await Lines(served, "/v1/names"));
        Assert.Equal(("latest", cid), (name.GetProperty("name").GetString(), name.GetProperty("cid").GetString()));
        JsonElement info = await Json(await served.Owner.Send("GET", "/v1/blocks/@latest/info"));
        Assert.Equal(["sym", "px"], info.GetProperty("fields").EnumerateArray().Select(field => field.GetProperty("name").GetString()));
        Assert.Equal(cid, info.GetProperty("dag").GetString());
        Assert.Equal(Csv, (await served.Owner.GetStringAsync("/v1/blocks/@latest?format=csv")).ReplaceLineEndings("\n"));
        JsonElement tags = await Json(await Send(served, "POST", $"/v1/blocks/{cid}/tags", """{"sym":null,"new":"one"}"""));
        Assert.Equal("""{"day":"1","new":"one"}""", tags.GetProperty("tags").GetRawText());
        Assert.Single(await Lines(served, "/v1/blocks?limit=1"));
    }

    [Fact]
    public async Task A_block_is_removed_where_nothing_keeps_it_and_is_gone_then()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = served.Store.Put(ServedStore.Numbers(3)).Cid;
        string path = $"/v1/blocks/{cid}";
        served.Store.Retention.Pin(cid);
        using (HttpResponseMessage kept = await served.Owner.Send("DELETE", path))
        {
            Assert.Equal(HttpStatusCode.Conflict, kept.StatusCode);
            Assert.Contains("it is pinned", await kept.Text());
        }

        served.Store.Retention.Unpin(cid);
        using (HttpResponseMessage asked = await served.Owner.Send("DELETE", path + "?dryRun=true"))
            Assert.Contains("\"isRemoved\":false,\"isDryRun\":true", await asked.Text());
        using (HttpResponseMessage still = await served.Client.Send("GET", path)) Assert.Equal(HttpStatusCode.OK, still.StatusCode);
        using (HttpResponseMessage done = await served.Owner.Send("DELETE", path))
            Assert.Contains("\"isRemoved\":true", await done.Text());
        foreach ((string method, string each) in new[] { ("GET", path), ("GET", path + "?format=csv"), ("GET", path + "/info"), ("DELETE", path) })
        {
            using HttpResponseMessage gone = await served.Owner.Send(method, each);
            Assert.True(gone.StatusCode == HttpStatusCode.Gone, $"{method} {each}: {gone.StatusCode}");
            Assert.Contains("\"code\":\"blockNotFound\"", await gone.Text());
        }

        using (HttpResponseMessage gateway = await served.Client.Send("GET", $"/ipfs/{cid}?format=raw"))
        {
            Assert.Equal(HttpStatusCode.Gone, gateway.StatusCode);
            Assert.Contains($"{cid} was removed at ", await gateway.Text());
        }

        using HttpResponseMessage never = await served.Owner.Send("DELETE",
            "/v1/blocks/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
        Assert.Equal(HttpStatusCode.NotFound, never.StatusCode);
        using HttpResponseMessage wrong = await served.Owner.Send("DELETE",
            "/v1/blocks/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku?dryRun=perhaps");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using HttpResponseMessage again = await served.Client.Send("GET", $"/v1/blocks/{served.Store.Put(ServedStore.Numbers(3)).Cid}");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task A_name_is_changed_where_it_is_what_was_expected()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid one = served.Store.Put(ServedStore.Numbers(1)).Cid, two = served.Store.Put(ServedStore.Numbers(2)).Cid;
        using HttpResponseMessage made = await Send(served, "PUT", "/v1/names/n", $$"""{"cid":"{{one}}","expected":null}""");
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        using HttpResponseMessage taken = await Send(served, "PUT", "/v1/names/n", $$"""{"cid":"{{two}}","expected":null}""");
        Assert.Equal(HttpStatusCode.Conflict, taken.StatusCode);
        Assert.Equal("nameExists", (await Json(taken)).GetProperty("error").GetProperty("code").GetString());
        using HttpResponseMessage swapped = await Send(served, "PUT", "/v1/names/n", $$"""{"cid":"{{two}}","expected":"{{one}}"}""");
        Assert.Equal(two.ToString(), (await Json(swapped)).GetProperty("cid").GetString());
        using HttpResponseMessage gone = await served.Owner.Send("DELETE", "/v1/names/n");
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        using HttpResponseMessage none = await served.Owner.Send("GET", "/v1/names/n");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Theory]
    [InlineData("", "text/html", 415)]
    [InlineData("", "application/vnd.apache.arrow.stream", 400)]
    [InlineData("", "application/vnd.apache.parquet", 400)]
    [InlineData("?rowsPerBlock=0", "text/csv", 400)]
    [InlineData("?tag=none", "text/csv", 400)]
    [InlineData("?types=a=nonsense", "text/csv", 400)]
    [InlineData("?expires=sometime", "text/csv", 400)]
    public async Task A_put_that_is_wrong_says_so_and_puts_nothing(string query, string type, int status)
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage answer = await Put(served, query, Encoding.UTF8.GetBytes(Csv), type);
        Assert.Equal(status, (int)answer.StatusCode);
        JsonElement error = (await Json(answer)).GetProperty("error");
        Assert.True(Enum.TryParse<ErrorCode>(error.GetProperty("code").GetString(), ignoreCase: true, out ErrorCode code));
        Assert.Equal((int)code, error.GetProperty("number").GetInt32());
        Assert.Empty(served.Store.List());
    }

    [Fact]
    public async Task An_expiry_counts_from_the_time_of_the_store()
    {
        var clock = new ManualClock(new DateTimeOffset(2031, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using ServedStore served = await ServedStore.Start(clock: clock);
        using HttpResponseMessage put = await Put(served, "?expires=7d", Encoding.UTF8.GetBytes(Csv), "text/csv");
        Cid cid = Cid.Parse((await Blocks(put))[0].Cid);
        Assert.Equal(clock.GetUtcNow().AddDays(7), served.Store.Metadata.Get(cid)!.Expires);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using ServedStore served = await ServedStore.Start(_ => new ArrowCid.Server.CidServerOptions
        {
            Http = ServedStore.Any,
            Flight = null,
            MaxRequestBytes = 10,
        });
        using HttpResponseMessage answer = await Put(served, "", Encoding.UTF8.GetBytes(Csv), "text/csv");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Empty(served.Store.List());
    }

    [Fact]
    public async Task A_watcher_hears_of_puts_and_goes_on_where_it_was()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage first = await served.Owner.Send("GET", "/v1/watch");
        Assert.Equal("text/event-stream", first.Header("Content-Type"));
        using var events = new StreamReader(await first.Content.ReadAsStreamAsync());
        Assert.Equal(": watching", await events.ReadLineAsync());
        Cid one = served.Store.Put(ServedStore.Numbers(1)).Cid;
        (string id, string kind, string data) = await Next(events);
        Assert.Equal("new", kind);
        Assert.Contains(one.ToString(), data);
        Cid two = served.Store.Put(ServedStore.Numbers(2)).Cid;
        Assert.Contains(two.ToString(), (await Next(events)).Data);
        using HttpResponseMessage again = await served.Owner.Send("GET", "/v1/watch?filter=rows%20%3E%201", ("Last-Event-ID", id));
        using var more = new StreamReader(await again.Content.ReadAsStreamAsync());
        Assert.Contains(two.ToString(), (await Next(more)).Data);
        using HttpResponseMessage wrong = await served.Owner.Send("GET", "/v1/watch?from=nonsense");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);

        // The server ends: watchers are told, and do not hold it up.
        Task end = served.EndServer();
        Assert.Equal("end", (await Next(events)).Kind);
        Assert.Equal("end", (await Next(more)).Kind);
        await end;
    }

    [Fact]
    public async Task Watcher_of_names_hears_of_their_changes_and_of_puts_unless_it_does_not_want_them()
    {
        await using ServedStore served = await ServedStore.Start();
        using HttpResponseMessage first = await served.Owner.Send("GET", "/v1/watch?names=prices/*");
        using HttpResponseMessage second = await served.Owner.Send("GET", "/v1/watch?names=*&puts=false");
        using var events = new StreamReader(await first.Content.ReadAsStreamAsync());
        using var names = new StreamReader(await second.Content.ReadAsStreamAsync());
        Assert.Equal(": watching", await events.ReadLineAsync());
        Assert.Equal(": watching", await names.ReadLineAsync());
        Cid one = served.Store.Put(ServedStore.Numbers(1)).Cid;
        Assert.Equal("new", (await Next(events)).Kind);
        _ = served.Store.Names.Set("other", one);
        _ = served.Store.Names.Set("prices/a", one);
        Assert.Contains("\"other\"", (await Next(names)).Data);
        (_, string kind, string data) = await Next(events);
        // What gets a name is announced again.
        while (kind == "repeated") (_, kind, data) = await Next(events);
        Assert.Equal("name", kind);
        Assert.StartsWith($"{{\"name\":\"prices/a\",\"old\":null,\"new\":\"{one}\",\"time\":", data);
        Assert.Equal(data, (await Next(names)).Data);
        using HttpResponseMessage wrong = await served.Owner.Send("GET", "/v1/watch?puts=nonsense");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task Two_thousand_idle_watchers_all_hear_of_a_put()
    {
        const int Watchers = 2000;
        await using ServedStore served = await ServedStore.Start();
        HttpResponseMessage[] open = await Task.WhenAll(Enumerable.Range(0, Watchers).Select(async _ =>
        {
            HttpResponseMessage watch = await served.Owner.Send("GET", "/v1/watch");
            Assert.Equal(HttpStatusCode.OK, watch.StatusCode);
            return watch;
        }));
        Cid cid = served.Store.Put(ServedStore.Numbers(1)).Cid;
        string[] heard = await Task.WhenAll(open.Select(async watch =>
        {
            using (watch)
            {
                using var events = new StreamReader(await watch.Content.ReadAsStreamAsync());
                return (await Next(events)).Data;
            }
        }));
        Assert.All(heard, data => Assert.Contains(cid.ToString(), data));
        await Eventually(async () => (await served.Owner.GetStringAsync("/metrics"))
            .Contains("arrowcid_running{protocol=\"http\"} 1\n"));
    }

    [Fact]
    public async Task A_client_that_goes_frees_what_it_held()
    {
        await using ServedStore served = await ServedStore.Start();
        Cid cid = served.Store.Put(ServedStore.Numbers(3_000_000)).Cid;
        HttpResponseMessage open = await served.Client.Send("GET", $"/ipfs/{cid}?format=raw");
        // The servers of other tests are counted too.
        await Eventually(async () => (await served.Owner.GetStringAsync("/metrics"))
            .Contains("arrowcid_running{protocol=\"http\"} 2\n"));
        open.Dispose();
        await Eventually(async () => (await served.Owner.GetStringAsync("/metrics"))
            .Contains("arrowcid_running{protocol=\"http\"} 1\n"));
    }

    [Fact]
    public async Task Metrics_are_there_from_the_start_and_count_blocks_names_and_watchers()
    {
        await using ServedStore served = await ServedStore.Start();
        string text = await served.Owner.GetStringAsync("/metrics");
        foreach (string line in new[]
        {
            "arrowcid_refused_total{protocol=\"flight\"} ", "arrowcid_refused_total{protocol=\"http\"} ", "arrowcid_limited_total{limit=\"rate\"} ",
            "arrowcid_limited_total{limit=\"streams\"} ", "arrowcid_corrupt_blocks_total ", "arrowcid_put_blocks_total{protocol=\"http\"} ",
            "arrowcid_sent_bytes_total{protocol=\"flight\"} ", "arrowcid_store_blocks 0\n", "arrowcid_store_names 0\n", "arrowcid_watchers 0\n",
        })
        {
            Assert.Contains($"\n{line}", text);
        }

        Cid cid = served.Store.Put(ServedStore.Numbers(3)).Cid;
        _ = served.Store.Names.Set("a", cid);
        using HttpResponseMessage watch = await served.Owner.Send("GET", "/v1/watch");
        await Eventually(async () => (await served.Owner.GetStringAsync("/metrics")).Contains("\narrowcid_watchers 1\n"));
        text = await served.Owner.GetStringAsync("/metrics");
        Assert.Contains("\narrowcid_store_blocks 2\n", text);
        Assert.Contains("\narrowcid_store_names 1\n", text);
        double Value(string name) => double.Parse(text.Split('\n').Single(line => line.StartsWith(name + " ")).Split(' ')[1],
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Value("arrowcid_store_capacity_bytes"), Value("arrowcid_store_taken_bytes") + Value("arrowcid_store_free_bytes"));
    }

    [Fact]
    public async Task Maintenance_is_counted_in_the_metrics()
    {
        await using ServedStore served = await ServedStore.Start();
        string text = await served.Owner.GetStringAsync("/metrics");
        Assert.Contains("arrowcid_store_capacity_bytes ", text);
        Assert.Contains("arrowcid_maintenance_running 0\n", text);
        served.Store.Metadata.SetExpiry(served.Store.Put(ServedStore.Numbers(3)).Cid, DateTimeOffset.UtcNow);
        _ = served.Store.Maintenance.RunOnce();
        text = await served.Owner.GetStringAsync("/metrics");
        Assert.Contains("arrowcid_maintenance_steps_total{task=\"expire\"} 1\n", text);
        Assert.Contains("arrowcid_maintenance_items_total{task=\"expire\"} 2\n", text);
    }

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        using var most = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await holds()) most.Token.ThrowIfCancellationRequested();
    }

    private static async Task<(string Id, string Kind, string Data)> Next(StreamReader events)
    {
        (string id, string kind, string data) = ("", "", "");
        while (await events.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ")) id = line[4..];
            if (line.StartsWith("event: ")) kind = line[7..];
            if (line.StartsWith("data: ")) data = line[6..];
            if (line.Length == 0 && data.Length > 0) return (id, kind, data);
        }

        throw new EndOfStreamException("the events have ended");
    }

    private static async Task<HttpResponseMessage> Put(ServedStore served, string query, byte[] body, string type)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return await served.Owner.PostAsync($"/v1/blocks{query}", content);
    }

    private static async Task<HttpResponseMessage> Send(ServedStore served, string method, string path, string json)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(json) };
        return await served.Owner.SendAsync(request);
    }

    private static async Task<JsonElement> Json(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Text());

    private static async Task<(string Cid, bool IsNew)[]> Blocks(HttpResponseMessage answer) =>
    [
        .. (await Json(answer)).GetProperty("blocks").EnumerateArray()
            .Select(put => (put.GetProperty("cid").GetString()!, put.GetProperty("isNew").GetBoolean())),
    ];

    private static async Task<List<JsonElement>> Lines(ServedStore served, string path) =>
    [
        .. (await served.Owner.GetStringAsync(path)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)),
    ];
}
