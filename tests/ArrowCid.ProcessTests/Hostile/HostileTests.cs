using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Flight.Protocol;
using ArrowCid.Ipc;
using ArrowCid.Parquet;
using ArrowCid.ProcessTests.Flight;
using Google.Protobuf;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>
/// Bytes that no client of good will sends, against the command as a process of its own: each ends in an answer, an error
/// or a closed connection; the server goes on, its memory stays bounded, and its log has no fault of its own.
/// </summary>
public sealed class HostileTests(ITestOutputHelper output)
{
    private const long MostGrowth = 192L << 20;

    private static readonly string[] s_flightCalls =
    [
        "Handshake", "ListFlights", "GetFlightInfo", "PollFlightInfo", "GetSchema", "DoGet", "DoPut", "DoExchange", "DoAction",
        "ListActions",
    ];

    [Fact]
    public async Task Random_bytes_on_both_ports_end_the_connection()
    {
        await Attack(200, async (served, random, _) =>
        {
            byte[] bytes = new byte[random.Next(1, 4096)];
            random.NextBytes(bytes);
            bool isFlight = random.Next(2) == 0;
            if (isFlight && random.Next(2) == 0) bytes = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. bytes];
            await Send(isFlight ? served.Flight : served.Http, bytes);
        });
    }

    [Fact]
    public async Task Frames_of_http2_with_random_contents_end_the_connection()
    {
        await Attack(200, async (served, random, _) =>
        {
            var bytes = new List<byte>([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
            for (int frames = random.Next(1, 20); frames > 0; frames--)
            {
                byte[] payload = new byte[random.Next(0, 64)];
                random.NextBytes(payload);
                int length = random.Next(4) == 0 ? random.Next(1 << 24) : payload.Length;
                bytes.AddRange(
                [
                    (byte)(length >> 16), (byte)(length >> 8), (byte)length, (byte)random.Next(12), (byte)random.Next(256),
                    0, 0, 0, (byte)random.Next(8),
                ]);
                bytes.AddRange(payload);
            }

            await Send(served.Flight, [.. bytes]);
        });
    }

    [Fact]
    public async Task Long_and_broken_headers_are_refused()
    {
        string[] requests =
        [
            $"GET /health HTTP/1.1\r\nHost: x\r\nA: {new string('a', 1 << 20)}\r\n\r\n",
            $"GET /{new string('a', 1 << 18)} HTTP/1.1\r\nHost: x\r\n\r\n",
            string.Concat("GET / HTTP/1.1\r\nHost: x\r\n", string.Concat(Enumerable.Repeat("A: b\r\n", 10_000)), "\r\n"),
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "POST /v1/blocks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /v1/blocks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
            "GET / HTTP/9.9\r\n\r\n", "GET\0/ HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
            "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        ];
        await Attack(requests.Length, (served, _, round) => Send(served.Http, Encoding.Latin1.GetBytes(requests[round])));
    }

    [Fact]
    public async Task Idle_and_half_sent_connections_do_not_keep_others_out()
    {
        using ServedStore served = ServedStore.Start();
        long before = ServerProcess.Resident(served.ProcessId);
        var sockets = new List<Socket>();
        try
        {
            byte[][] starts =
            [
                [], [.. "PRI * HTTP/2"u8], [.. "GET /health HTTP/1.1\r\nHo"u8],
                [.. "POST /v1/blocks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nA"u8],
            ];
            for (int i = 0; i < 1200; i++)
            {
                Socket socket = await Connect(i % 2 == 0 ? served.Flight : served.Http);
                sockets.Add(socket);
                byte[] start = starts[i / 2 % starts.Length];
                if (start.Length > 0) await socket.SendAsync(start);
            }

            await Answers(served);
            long growth = ServerProcess.Resident(served.ProcessId) - before;
            output.WriteLine($"{sockets.Count} connections take {growth >> 10} KiB");
            Assert.InRange(growth, long.MinValue, MostGrowth);
        }
        finally
        {
            foreach (Socket socket in sockets) socket.Dispose();
        }

        await End(served);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Broken_grpc_messages_end_in_a_status(bool hasToken)
    {
        await Attack(300, async (served, random, _) =>
        {
            using var server = new RawGrpc(FlightOf(served));
            byte[] body = new byte[random.Next(0, 300)];
            random.NextBytes(body);
            if (random.Next(2) == 0) body = Mutated(RawGrpc.Frame(Sample(random)), random);
            if (random.Next(8) == 0) body = RawGrpc.Bomb(random.Next(1 << 22), body);
            string path = RawGrpc.Flight + s_flightCalls[random.Next(s_flightCalls.Length)];
            string? encoding = random.Next(3) switch { 0 => "gzip", 1 => "deflate", _ => null };
            string end = await server.CallAsync(path, body, encoding, hasToken ? served.Token : null, "3S");
            Assert.False(end == "2", $"{path} of {Convert.ToHexString(body)} is a fault of the server");
        });
    }

    [Fact]
    public async Task Broken_batches_put_over_flight_end_in_a_status()
    {
        byte[] whole = await PutOf(RecordBatch.Of(
            ("n", ArrowArray.From<long>(Enumerable.Range(0, 200).Select(i => (long)i).ToArray())),
            ("s", Texts(200, 200))));
        await Attack(400, async (served, random, _) =>
        {
            using var server = new RawGrpc(FlightOf(served));
            byte[] body = Mutated(whole, random);
            string end = await server.CallAsync(RawGrpc.Flight + "DoPut", body, null, served.Token, "5S");
            Assert.False(end == "2", $"DoPut of {Convert.ToHexString(body)} is a fault of the server");
        });
    }

    [Fact]
    public async Task Broken_files_put_over_http_end_in_an_answer()
    {
        RecordBatch batch = RecordBatch.Of(
            ("n", ArrowArray.From<long>(Enumerable.Range(0, 500).Select(i => (long)i % 7).ToArray())),
            ("s", Texts(500, 9)));
        var parquet = new MemoryStream();
        using (var writer = new ParquetWriter(parquet, batch.Schema))
        {
            writer.Write(batch);
            writer.Finish();
        }

        byte[] arrow = CanonicalBlock.Encode(batch).Bytes.ToArray();
        (string Type, byte[] Body)[] files =
        [
            ("application/vnd.apache.parquet", parquet.ToArray()), ("application/vnd.apache.arrow.stream", arrow),
            ("text/csv", "a,b\r\n1,\"x\"\r\n"u8.ToArray()), ("application/x-ndjson", "{\"a\":1,\"b\":[1,{\"c\":2}]}\n"u8.ToArray()),
        ];
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await Attack(400, async (served, random, _) =>
        {
            (string type, byte[] body) = files[random.Next(files.Length)];
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(served.Http), "/v1/blocks"));
            request.Headers.Authorization = new("Bearer", served.Token);
            byte[] broken = Mutated(body, random);
            request.Content = new ByteArrayContent(broken);
            request.Content.Headers.ContentType = new(type);
            using HttpResponseMessage answer = await http.SendAsync(request);
            Assert.True((int)answer.StatusCode < 500, $"{answer.StatusCode} for {type} of {Convert.ToHexString(broken)}");
        });
    }

    [Fact]
    public async Task Paths_that_mislead_are_answered_without_a_fault()
    {
        string[] paths =
        [
            "/ipfs/../../etc/passwd", "/ipfs/%2e%2e/%2e%2e/etc/passwd", "/ipfs/bafkreia/../x", "/ipfs/%00", "/ipfs/%ff%fe", "/ipfs//",
            "/ipfs/" + new string('b', 8000), "/ipfs/bafy%2Fbafy", "/ipfs/Qm", "/ipfs/?format=car&dups=y&entity-bytes=9:-9",
            "/v1/blocks/@", "/v1/blocks/@%00", "/v1/blocks/@..%2f..%2fx", "/v1/names/%80", "/v1/blocks/x?format=csv&format=json",
            "/v1/blocks?filter=%ff", "/v1/blocks?limit=99999999999999999999", "/routing/v1/providers/%", "/%", "//", "/..;/",
            "/v1/watch?from=%22",
        ];
        await Attack(paths.Length, async (served, _, round) =>
        {
            string host = new Uri(served.Http).Authority;
            string answer = await Send(served.Http,
                Encoding.Latin1.GetBytes($"GET {paths[round]} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
            Assert.DoesNotContain("HTTP/1.1 5", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
        });
    }

    /// <summary>Makes rounds of one kind, with a seed that is printed, and asserts what holds of a server after all.</summary>
    private async Task Attack(int rounds, Func<ServedStore, Random, int, Task> round)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using ServedStore served = ServedStore.Start();
        await Answers(served);
        long before = ServerProcess.Resident(served.ProcessId);
        ServerProcess.ResetPeak(served.ProcessId);
        for (int i = 0; i < rounds; i++) await round(served, random, i);

        await Answers(served);
        long growth = ServerProcess.Peak(served.ProcessId) - before;
        output.WriteLine($"{rounds} rounds, {growth >> 20} MiB more at most");
        Assert.InRange(growth, long.MinValue, MostGrowth);
        await End(served);
    }

    private static async Task Answers(ServedStore served)
    {
        using var server = new RawGrpc(FlightOf(served));
        Assert.Equal("0", await server.CallAsync("/grpc.health.v1.Health/Check", RawGrpc.Frame([])));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using HttpResponseMessage answer = await http.GetAsync(new Uri(new Uri(served.Http), "/health"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static Task End(ServedStore served)
    {
        Assert.Equal(0, served.Terminate());
        string log = served.Log;
        Assert.DoesNotContain("unhandled exception", log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\"level\":\"error\"", log, StringComparison.Ordinal);
        return Task.CompletedTask;
    }

    private static Uri FlightOf(ServedStore served) => new(served.Flight.Replace("grpc://", "http://", StringComparison.Ordinal));

    private static byte[] Sample(Random random) => random.Next(4) switch
    {
        0 => new Ticket { Ticket_ = ByteString.CopyFromUtf8("[\"watch\"]") }.ToByteArray(),
        1 => new FlightDescriptor { Path = { "put", "x" } }.ToByteArray(),
        2 => new ArrowCid.Flight.Protocol.Action { Type = "describe", Body = ByteString.CopyFromUtf8("{\"cid\":\"x\"}") }.ToByteArray(),
        _ => new FlightData { AppMetadata = ByteString.CopyFromUtf8("bafkreia bafkreib") }.ToByteArray(),
    };

    /// <summary>The bytes with some of them changed, cut off, doubled or left out.</summary>
    private static byte[] Mutated(byte[] bytes, Random random)
    {
        var made = new List<byte>(bytes);
        for (int changes = random.Next(1, 6); changes > 0 && made.Count > 0; changes--)
        {
            int at = random.Next(made.Count), count = random.Next(Math.Min(16, made.Count - at) + 1);
            switch (random.Next(5))
            {
                case 0:
                    made[at] = (byte)random.Next(256);
                    break;
                case 1:
                    made[at] = (byte)(random.Next(2) * 255);
                    break;
                case 2:
                    made.RemoveRange(at, made.Count - at);
                    break;
                case 3:
                    made.RemoveRange(at, count);
                    break;
                default:
                    made.InsertRange(at, made.GetRange(at, count));
                    break;
            }
        }

        return [.. made];
    }

    private static ArrowArray Texts(int count, int distinct)
    {
        var texts = new BytesBuilder();
        for (int i = 0; i < count; i++) texts.Append($"text {i % distinct}");
        return texts.Build();
    }

    /// <summary>The messages of a put.</summary>
    private static async Task<byte[]> PutOf(RecordBatch batch)
    {
        var target = new MemoryStream();
        var pipe = System.IO.Pipelines.PipeWriter.Create(target);
        var writer = new GrpcWriter(pipe);
        var sender = new ArrowCid.Flight.Service.BatchSender(writer, 0) { Descriptor = new FlightDescriptor { Path = { "put" } } };
        await sender.SchemaAsync(batch.Schema, default);
        await sender.BatchAsync(batch, "mark", default);
        await writer.FlushAsync(default);
        await pipe.CompleteAsync();
        return target.ToArray();
    }

    private static async Task<Socket> Connect(string address)
    {
        var uri = new Uri(address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Parse(uri.Host), uri.Port);
        return socket;
    }

    /// <summary>Sends bytes and the end of them, and reads what comes until the server closes.</summary>
    private static async Task<string> Send(string address, byte[] bytes)
    {
        using var watchdog = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using Socket socket = await Connect(address);
        var answer = new StringBuilder();
        byte[] buffer = new byte[1 << 14];
        try
        {
            await socket.SendAsync(bytes, watchdog.Token);
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer, watchdog.Token) is > 0 and int read)
                answer.Append(CultureInfo.InvariantCulture, $"{Encoding.Latin1.GetString(buffer, 0, read)}");
        }
        catch (SocketException)
        {
            // It was closed before all was sent.
        }

        return answer.ToString();
    }
}
