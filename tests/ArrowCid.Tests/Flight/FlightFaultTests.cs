using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Server;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>What clients do wrong: the server stays, what it holds is bounded, and nothing is half put.</summary>
public sealed class FlightFaultTests
{
    private const string DoPut = FlightCall.Service + "DoPut";

    [Fact]
    public async Task A_full_store_says_so_and_what_was_acknowledged_is_whole()
    {
        await using ServedStore server = await ServedStore.Start(capacity: 16);
        using var channel = new FlightChannel(server.Flight);
        var acknowledged = new List<Cid>();
        var e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            using RawCall call = await FlightCall.OpenAsync(channel, DoPut, server.Token, async (writer, cancel) =>
            {
                await FlightCall.SendAsync(writer, ServedStore.Sequence(0, 100_000), FlightCall.Path("put", "all"), cancel);
                var sender = new ArrowCid.Flight.Service.BatchSender(writer, 0);
                for (int i = 1; i < 1000; i++)
                    await sender.BatchAsync(ServedStore.Sequence(i, 100_000), "", cancel);
            });
            while (await call.NextAsync())
            {
                ArrowCid.Flight.Protocol.PutResult put = ArrowCid.Flight.Protocol.PutResult.Parser.ParseFrom(call.Message);
                using var ack = System.Text.Json.JsonDocument.Parse(put.AppMetadata.ToByteArray());
                acknowledged.Add(Cid.Parse(ack.RootElement.GetProperty("cid").GetString()!));
            }
        });
        Assert.Equal((StatusCode.ResourceExhausted, ErrorCode.StoreFull), (e.StatusCode, RawCall.CodeOf(e)));
        Assert.Null(server.Store.Names.Resolve("all"));
        Assert.NotEmpty(acknowledged);
        Assert.All(acknowledged, cid => Assert.True(server.Store.Contains(cid)));
        Assert.All(server.Store.Diagnostics.VerifyAll(), found => Assert.True(found.IsIntact));
        Assert.Equal(StatusCode.OK,
            await FlightCall.StatusAsync(channel, FlightCall.Service + "DoGet", null, FlightCall.Ticket($"{acknowledged[0]}")));
    }

    [Fact]
    public async Task A_batch_that_is_not_the_one_expected_is_not_put()
    {
        await using ServedStore server = await ServedStore.Start();
        using var channel = new FlightChannel(server.Flight);
        RecordBatch right = ServedStore.Sequence(0, 100_000), wrong = ServedStore.Sequence(1, 100_000);
        Cid cid = ArrowCid.Ipc.CanonicalBlock.CidOf(right);
        Assert.Equal((StatusCode.InvalidArgument, ErrorCode.InvalidData), await PutAsync($"{cid}", wrong));
        Assert.Equal((StatusCode.InvalidArgument, ErrorCode.InvalidData),
            await PutAsync($"{cid.WithCodec(Multicodec.DagPb)}", right));
        Assert.Empty(server.Store.List());
        Assert.Equal((StatusCode.InvalidArgument, ErrorCode.InvalidArgument), await PutAsync($"{cid}", right, wrong));
        Assert.Equal(cid, Assert.Single(server.Store.List()).Cid);
        Assert.Equal((StatusCode.OK, null), await PutAsync($"{cid}", right));
        Assert.All(server.Store.Diagnostics.VerifyAll(), found => Assert.True(found.IsIntact));

        async Task<(StatusCode Status, ErrorCode? Code)> PutAsync(string expected, params RecordBatch[] batches)
        {
            var how = new ArrowCid.Flight.Protocol.Put { ExpectedCid = expected };
            how.Tags["k"] = "v";
            var to = new ArrowCid.Flight.Protocol.FlightDescriptor
            {
                Type = ArrowCid.Flight.Protocol.FlightDescriptor.Types.DescriptorType.Cmd,
                Cmd = Google.Protobuf.MessageExtensions.ToByteString(Google.Protobuf.WellKnownTypes.Any.Pack(how)),
            };
            try
            {
                using RawCall call = await FlightCall.OpenAsync(channel, DoPut, server.Token, async (writer, cancel) =>
                {
                    await FlightCall.SendAsync(writer, batches[0], to, cancel);
                    foreach (RecordBatch batch in batches[1..])
                        await new ArrowCid.Flight.Service.BatchSender(writer, 0).BatchAsync(batch, "", cancel);
                });
                _ = await FlightCall.MessagesAsync(call);
                return (StatusCode.OK, null);
            }
            catch (RpcException e)
            {
                return (e.StatusCode, RawCall.CodeOf(e));
            }
        }
    }

    [Fact]
    public async Task A_put_that_stands_still_inside_a_message_is_ended_and_between_messages_it_is_not()
    {
        await using ServedStore server = await Impatient();
        using var channel = new FlightChannel(server.Flight);
        var stalled = new TaskCompletionSource();
        Task<RawCall> patient = FlightCall.OpenAsync(channel, DoPut, server.Token, async (writer, cancel) =>
        {
            await FlightCall.SendAsync(writer, ServedStore.Sequence(0, 10), FlightCall.Path("put"), cancel);
            await writer.FlushAsync(cancel);
            await stalled.Task;
            await new ArrowCid.Flight.Service.BatchSender(writer, 0).BatchAsync(ServedStore.Sequence(1, 10), "", cancel);
        });
        StatusCode status = await RawPutAsync(server, Frame(1 << 20, [0x12, 0x80, 0x80, 0x20, 1, 2, 3]));
        Assert.Equal(StatusCode.Aborted, status);
        // The other has waited as long, and goes on.
        stalled.SetResult();
        using RawCall call = await patient;
        Assert.Equal(2, (await FlightCall.MessagesAsync(call)).Count);
        Assert.Equal(2, server.Store.List().Count());
    }

    [Theory]
    [InlineData("DoPut")]
    [InlineData("ListFlights")]
    public async Task Call_without_a_token_is_refused_when_its_message_has_not_come(string method)
    {
        await using ServedStore server = await ServedStore.Start();
        using var channel = new FlightChannel(server.Flight);
        using var end = new CancellationTokenSource();
        var e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            using RawCall call = await FlightCall.OpenAsync(channel, FlightCall.Service + method, null,
                (_, _) => new TaskCompletionSource().Task.WaitAsync(end.Token));
            _ = await call.NextAsync();
        });
        Assert.Equal(StatusCode.Unauthenticated, e.StatusCode);
        await end.CancelAsync();
    }

    [Fact]
    public async Task A_call_whose_only_message_never_comes_is_ended()
    {
        await using ServedStore server = await Impatient();
        using var channel = new FlightChannel(server.Flight);
        foreach (string method in new[] { "GetFlightInfo", "DoGet", "DoAction", "DoPut", "DoExchange", "Handshake" })
        {
            var e = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                using RawCall call = await FlightCall.OpenAsync(channel, FlightCall.Service + method, server.Token,
                    (_, cancel) => new TaskCompletionSource().Task.WaitAsync(cancel));
                _ = await FlightCall.MessagesAsync(call);
            });
            Assert.True(e.StatusCode == StatusCode.Aborted, $"{method}: {e.Status}");
        }
    }

    [Fact]
    public async Task Messages_that_are_only_claimed_take_no_memory()
    {
        const int Calls = 64;
        await using ServedStore server = await ServedStore.Start();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var end = new CancellationTokenSource();
        Task[] puts = [.. Enumerable.Range(0, Calls).Select(_ => Claim(end.Token))];
        Assert.True(await Health(http, server));
        long claimed = GC.GetTotalMemory(forceFullCollection: true) - before;
        // Each says that 255 MiB come.
        Assert.InRange(claimed, long.MinValue, 64L << 20);
        await end.CancelAsync();
        await Task.WhenAll(puts).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.True(await Health(http, server));

        async Task Claim(CancellationToken cancel)
        {
            byte[] frame = Frame(255 << 20, [0xC2, 0x3E, 0xFB, 0xFF, 0xBF, 0x7F, 1, 2, 3]);
            using HttpResponseMessage answer = await http.SendAsync(Request(server, new StalledContent(frame, cancel)),
                HttpCompletionOption.ResponseHeadersRead, cancel);
        }
    }

    [Theory]
    [InlineData("a field longer than its message", new byte[] { 0x12, 0x7F, 1 })]
    [InlineData("a length that is no number", new byte[] { 0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData("an unknown kind of field", new byte[] { 0x0F, 1 })]
    [InlineData("a header that is no flatbuffer", new byte[] { 0x12, 4, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData("a descriptor that is no protobuf", new byte[] { 0x0A, 3, 0xFF, 0xFF, 0xFF })]
    [InlineData("a body without a header", new byte[] { 0xC2, 0x3E, 2, 1, 2 })]
    public async Task A_message_that_is_no_flight_data_is_refused(string what, byte[] message)
    {
        await using ServedStore server = await ServedStore.Start();
        StatusCode status = await RawPutAsync(server, Frame(message.Length, message), isWhole: true);
        Assert.True(status is StatusCode.InvalidArgument or StatusCode.Internal, $"{what}: {status}");
        Assert.Empty(server.Store.List());
    }

    [Theory]
    [InlineData(1, 40_000)]
    [InlineData(2000, 40)]
    public async Task Too_many_and_too_long_headers_are_refused_and_others_are_served(int count, int length)
    {
        await using ServedStore server = await ServedStore.Start();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using HttpRequestMessage request = Request(server, new ByteArrayContent(Frame(0, [])));
        for (int i = 0; i < count; i++) request.Headers.TryAddWithoutValidation($"x-{i}", new string('x', length));
        try
        {
            using HttpResponseMessage answer = await http.SendAsync(request);
            Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
        }
        catch (HttpRequestException)
        {
            // The connection may be closed on such a client.
        }

        Assert.True(await Health(http, server));
    }

    [Fact]
    public async Task A_connection_that_sends_half_a_header_is_closed()
    {
        await using ServedStore server = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = ServedStore.Any,
            Http = null,
            HeaderPatience = TimeSpan.FromMilliseconds(300),
        });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(server.Flight.Authority));
        // The preface, empty SETTINGS, and a HEADERS frame of stream 1 without END_HEADERS.
        byte[] headers = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82];
        await socket.SendAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0, .. headers]);
        using var watchdog = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        byte[] buffer = new byte[4096];
        int read;
        do
        {
            try
            {
                read = await socket.ReceiveAsync(buffer, watchdog.Token);
            }
            catch (SocketException)
            {
                read = 0;
            }
        }
        while (read > 0);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.True(await Health(http, server));
    }

    /// <summary>A server that soon lets go of who stands still.</summary>
    private static Task<ServedStore> Impatient() => ServedStore.Start(_ => new CidServerOptions
    {
        Flight = ServedStore.Any,
        Http = null,
        StallPatience = TimeSpan.FromMilliseconds(200),
    });

    private static async Task<bool> Health(HttpClient http, ServedStore server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.FlightHttp, "/grpc.health.v1.Health/Check"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(0, [])),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        using HttpResponseMessage answer = await http.SendAsync(request);
        _ = await answer.Content.ReadAsByteArrayAsync();
        return answer.TrailingHeaders.TryGetValues("grpc-status", out IEnumerable<string>? status) && status.Single() == "0";
    }

    /// <summary>Puts raw bytes; the stream stays open behind them unless they are whole.</summary>
    private static async Task<StatusCode> RawPutAsync(ServedStore server, byte[] bytes, bool isWhole = false)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var end = new CancellationTokenSource();
        HttpContent content = isWhole ? new ByteArrayContent(bytes) : new StalledContent(bytes, end.Token);
        using HttpResponseMessage answer = await http.SendAsync(Request(server, content), HttpCompletionOption.ResponseHeadersRead);
        _ = await answer.Content.ReadAsByteArrayAsync();
        await end.CancelAsync();
        bool isThere = answer.TrailingHeaders.TryGetValues("grpc-status", out IEnumerable<string>? status)
            || answer.Headers.TryGetValues("grpc-status", out status);
        return isThere ? (StatusCode)int.Parse(status!.Single(), System.Globalization.CultureInfo.InvariantCulture) : StatusCode.Unknown;
    }

    private static HttpRequestMessage Request(ServedStore server, HttpContent content)
    {
        content.Headers.ContentType = new("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.FlightHttp, DoPut))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.Authorization = new("Bearer", server.Token);
        return request;
    }

    /// <summary>A message's prefix and the first of its bytes.</summary>
    private static byte[] Frame(int length, byte[] start)
    {
        byte[] frame = new byte[5 + start.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), length);
        start.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>Bytes, and then nothing until it is cancelled.</summary>
    private sealed class StalledContent(byte[] bytes, CancellationToken end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            await new TaskCompletionSource().Task.WaitAsync(end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
