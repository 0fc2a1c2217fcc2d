using System.IO.Compression;
using System.Net;
using ZstdSharp;

namespace ArrowCid.Tests.Flight.Http;

/// <summary>Bodies that are compressed on request.</summary>
public sealed class CompressionTests : IAsyncLifetime
{
    private ServedStore _served = null!;
    private Cid _small, _large, _dataset;

    public async Task InitializeAsync()
    {
        _served = await ServedStore.Start();
        _small = _served.Store.Put(ServedStore.Numbers(1000)).Cid;
        _large = _served.Store.Put(ServedStore.Numbers(200_000)).Cid;
        _dataset = _served.Store.Datasets.Put([_small, _large]).Cid;
    }

    public async Task DisposeAsync() => await _served.DisposeAsync();

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task Body_is_the_same_bytes_when_decoded(string coding)
    {
        foreach (string path in new[]
        {
            $"/v1/blocks/{_large}?format=csv", $"/v1/blocks/{_large}?format=json", $"/v1/blocks/{_large}", $"/v1/blocks/{_dataset}",
            $"/v1/blocks/{_large}?columns=n", $"/v1/blocks/{_large}?format=car", $"/ipfs/{_small}?format=raw", $"/ipfs/{_large}?format=raw",
            $"/ipfs/{_dataset}?format=car", $"/ipfs/{_dataset}?format=dag-cbor", "/v1/openapi.json", "/v1/names", "/explorer.js",
        })
        {
            using HttpResponseMessage plain = await _served.Owner.Send("GET", path);
            using HttpResponseMessage packed = await _served.Owner.Send("GET", path, ("Accept-Encoding", coding));
            Assert.Equal((path, "", coding), (path, plain.Header("Content-Encoding"), packed.Header("Content-Encoding")));
            byte[] body = await packed.Bytes(), whole = await plain.Bytes();
            Assert.Equal(whole, Decode(body, coding));
            if (whole.Length > 10_000) Assert.True(body.Length < whole.Length, $"{path}: {body.Length} of {whole.Length} bytes");
            Assert.Contains("Accept-Encoding", packed.Header("Vary"));
            string tag = plain.Header("ETag");
            Assert.Equal(tag.StartsWith('"') ? "W/" + tag : tag, packed.Header("ETag"));
            if (tag.Length == 0) continue;
            using HttpResponseMessage known = await _served.Owner.Send("GET", path, ("Accept-Encoding", coding), ("If-None-Match", packed.Header("ETag")));
            Assert.Equal((path, HttpStatusCode.NotModified), (path, known.StatusCode));
        }
    }

    [Theory]
    [InlineData("gzip, deflate, br, zstd", "zstd", "")]
    [InlineData("gzip, deflate", "gzip", "")]
    [InlineData("br;q=1.0, zstd;q=0.5", "br", "")]
    [InlineData("zstd", "zstd", "zstd")]
    [InlineData("*", "zstd", "")]
    [InlineData("zstd;q=0", "", "")]
    [InlineData("identity", "", "")]
    [InlineData("nothing", "", "")]
    public async Task Blocks_are_compressed_where_one_coding_is_named_and_text_where_any_is(string accepted, string text, string block)
    {
        using HttpResponseMessage csv = await _served.Client.Send("GET", $"/v1/blocks/{_large}?format=csv", ("Accept-Encoding", accepted));
        Assert.Equal(text, csv.Header("Content-Encoding"));
        foreach (string path in new[] { $"/v1/blocks/{_large}", $"/ipfs/{_large}?format=raw", $"/ipfs/{_large}?format=car" })
        {
            using HttpResponseMessage bytes = await _served.Client.Send("GET", path, ("Accept-Encoding", accepted));
            Assert.Equal(block, bytes.Header("Content-Encoding"));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("identity")]
    public async Task Sent_bytes_are_those_on_the_wire_when_an_answer_is_compressed(string coding)
    {
        foreach (string path in new[] { $"/v1/blocks/{_large}", $"/v1/blocks/{_large}?format=csv", "/v1/openapi.json" })
        {
            double before = await Sent("http");
            using HttpResponseMessage answer = await _served.Owner.Send("GET", path, ("Accept-Encoding", coding));
            byte[] body = await answer.Bytes();
            // The page before it is counted too, once it is sent.
            double pages = (await _served.Owner.GetByteArrayAsync("/metrics")).Length;
            double sent = await Sent("http") - before - 2 * pages;
            Assert.True(Math.Abs(sent - body.Length) < 100, $"{path}: {sent}, not {body.Length}");
        }
    }

    [Fact]
    public async Task Sent_bytes_of_Flight_are_those_of_the_messages_when_columns_are_left_out()
    {
        using (Client.CidClient client = _served.FlightClient())
        {
            using Client.RemoteBatch? whole = await client.TryGetAsync(_large);
        }

        // Two columns of eight bytes a row.
        double all = await Eventually("flight", 200_000 * 16);
        using var channel = new ArrowCid.Flight.Grpc.FlightChannel(_served.Flight);
        using ProcessTests.Flight.RawCall call = await FlightCall.OpenAsync(channel, FlightCall.Service + "DoGet", _served.Token,
            FlightCall.Ticket($$"""{"cids": ["{{_large}}"], "columns": ["n"]}"""));
        long bytes = (await FlightCall.MessagesAsync(call)).Sum(message => message.Length + 5L);
        Assert.Equal(all + bytes, await Eventually("flight", all + bytes));
    }

    private async Task<double> Eventually(string protocol, double least)
    {
        using var most = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        double sent;
        while ((sent = await Sent(protocol)) < least) most.Token.ThrowIfCancellationRequested();
        return sent;
    }

    private async Task<double> Sent(string protocol)
    {
        string name = $"arrowcid_sent_bytes_total{{protocol=\"{protocol}\"}} ";
        string line = (await _served.Owner.GetStringAsync("/metrics")).Split('\n').Single(each => each.StartsWith(name));
        return double.Parse(line[name.Length..], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Range_is_of_the_plain_bytes_and_not_compressed()
    {
        string path = $"/ipfs/{_large}?format=raw";
        byte[] whole = await _served.Client.GetByteArrayAsync(path);
        using HttpResponseMessage part = await _served.Client.Send("GET", path, ("Accept-Encoding", "gzip"), ("Range", "bytes=100-199"));
        Assert.Equal((HttpStatusCode.PartialContent, ""), (part.StatusCode, part.Header("Content-Encoding")));
        Assert.Equal(whole[100..200], await part.Bytes());
        Assert.StartsWith("\"", part.Header("ETag"));

        // Who has a part of the compressed body cannot go on with plain bytes.
        using HttpResponseMessage packed = await _served.Client.Send("GET", path, ("Accept-Encoding", "gzip"));
        using HttpResponseMessage more = await _served.Client.Send("GET", path, ("Range", "bytes=100-199"), ("If-Range", packed.Header("ETag")));
        Assert.Equal(HttpStatusCode.OK, more.StatusCode);
        Assert.Equal(whole, await more.Bytes());
    }

    [Fact]
    public async Task Parquet_and_events_are_not_compressed()
    {
        using HttpResponseMessage parquet = await _served.Client.Send("GET", $"/v1/blocks/{_large}?format=parquet", ("Accept-Encoding", "zstd"));
        Assert.Equal("", parquet.Header("Content-Encoding"));
        using HttpResponseMessage watch = await _served.Owner.Send("GET", "/v1/watch?from=oldest", ("Accept-Encoding", "zstd"));
        Assert.Equal("", watch.Header("Content-Encoding"));
        using var events = new StreamReader(await watch.Content.ReadAsStreamAsync());
        Assert.Equal(": watching", await events.ReadLineAsync());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Compressed_body_of_a_damaged_block_is_broken_off(string coding)
    {
        string path = $"/ipfs/{_large}?format=raw";
        // The leaves of the block are known from now on, so that the damage is found on the way.
        _ = await _served.Client.GetByteArrayAsync(path);
        string location;
        using (BatchLease lease = _served.Store.TryGet(_large)!) location = lease.Location;
        int plus = location.LastIndexOf('+');
        using (var segment = new FileStream(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            segment.Position = long.Parse(location[(plus + 1)..], null) + 2_500_000;
            int found = segment.ReadByte();
            segment.Position--;
            segment.WriteByte((byte)(found ^ 1));
        }

        using HttpResponseMessage answer = await _served.Client.Send("GET", path, ("Accept-Encoding", coding));
        Assert.Equal((HttpStatusCode.OK, coding), (answer.StatusCode, answer.Header("Content-Encoding")));
        Exception? error = await Record.ExceptionAsync(answer.Bytes);
        Assert.True(error is HttpRequestException or IOException, $"{error}");
    }

    private static byte[] Decode(byte[] body, string coding)
    {
        using var packed = new MemoryStream(body);
        using Stream decoded = coding switch
        {
            "gzip" => new GZipStream(packed, CompressionMode.Decompress),
            "br" => new BrotliStream(packed, CompressionMode.Decompress),
            _ => new DecompressionStream(packed),
        };
        using var bytes = new MemoryStream();
        decoded.CopyTo(bytes);
        return bytes.ToArray();
    }
}
