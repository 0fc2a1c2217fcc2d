using System.Net;
using System.Net.Sockets;
using ArrowCid.Flight.Grpc;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.Server;
using ArrowCid.Server.Limits;
using ArrowCid.Tests.Store;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>Connections that send nothing, or too little: they are closed, and others are served meanwhile.</summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(2);

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 12)]
    public async Task Connection_is_closed_when_its_first_bytes_do_not_come(bool isFlight, int bytes)
    {
        var clock = new ManualClock();
        await using ServedStore server = await Start(clock);
        using Socket socket = await ConnectAsync(isFlight ? server.FlightEndPoint : server.Address);
        if (bytes > 0) await socket.SendAsync(Preface[..bytes].ToArray());
        await Advance(clock, socket, TimeSpan.FromSeconds(10));
        Assert.True(await Health(server));
    }

    [Fact]
    public async Task Connection_is_closed_when_no_request_follows_its_first_bytes()
    {
        var clock = new ManualClock();
        await using ServedStore server = await Start(clock);
        using Socket socket = await ConnectAsync(server.FlightEndPoint);
        await socket.SendAsync((byte[])[.. Preface, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
        // The server's settings show that it was served.
        Assert.True(await socket.ReceiveAsync(new byte[9]) > 0);
        await Advance(clock, socket, TimeSpan.FromSeconds(30));
        Assert.True(await Health(server));
    }

    [Fact]
    public async Task Connection_that_made_a_request_stays_open()
    {
        var clock = new ManualClock();
        await using ServedStore server = await Start(clock);
        using Socket socket = await ConnectAsync(server.Address);
        byte[] request = System.Text.Encoding.ASCII.GetBytes($"GET /health HTTP/1.1\r\nHost: {server.Address}\r\n\r\n");
        byte[] answer = new byte[4096];
        await socket.SendAsync(request);
        Assert.True(await socket.ReceiveAsync(answer) > 0);
        clock.Advance(TimeSpan.FromMinutes(2));
        await socket.SendAsync(request);
        Assert.True(await socket.ReceiveAsync(answer) > 0);
    }

    [Fact]
    public async Task One_address_has_at_most_a_quarter_of_the_connections()
    {
        const int Most = 32;
        await using ServedStore server = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = ServedStore.Any,
            Http = null,
            MaxConnections = Most,
        });
        var held = new List<Socket>();
        try
        {
            for (int i = 0; i < Most / 4; i++) held.Add(await ConnectAsync(server.FlightEndPoint));
            using var more = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await more.ConnectAsync(server.FlightEndPoint);
                await ClosedAsync(more);
            }
            catch (SocketException)
            {
                // It was closed before the connection was seen here.
            }

            Assert.All(held, socket => Assert.False(socket.Poll(0, SelectMode.SelectRead)));
        }
        finally
        {
            foreach (Socket socket in held) socket.Dispose();
        }
    }

    [Fact]
    public void Shares_are_counted_by_address_network_and_kind()
    {
        var shares = new ConnectionShares(1);
        IDisposable? first = shares.TryEnter(Of("10.0.0.1"));
        Assert.NotNull(first);
        Assert.Null(shares.TryEnter(Of("10.0.0.1")));
        Assert.Null(shares.TryEnter(Of("::ffff:10.0.0.1")));
        Assert.NotNull(shares.TryEnter(Of("10.0.0.2")));
        Assert.NotNull(shares.TryEnter(Of("2001:db8::1")));
        Assert.Null(shares.TryEnter(Of("2001:db8::ffff:1")));
        Assert.NotNull(shares.TryEnter(Of("2001:db8:0:1::1")));
        Assert.NotNull(shares.TryEnter(Of("127.0.0.1")));
        Assert.Null(shares.TryEnter(Of("127.0.0.2")));
        Assert.Null(shares.TryEnter(Of("::1")));
        Assert.NotNull(shares.TryEnter(null));
        Assert.Null(shares.TryEnter(new UnixDomainSocketEndPoint("/tmp/x")));
        first.Dispose();
        first.Dispose();
        Assert.NotNull(shares.TryEnter(Of("10.0.0.1")));

        static IPEndPoint Of(string address) => new(IPAddress.Parse(address), 1);
    }

    [Fact]
    public async Task Exchange_without_a_token_ends_when_nothing_is_asked()
    {
        await using ServedStore server = await ServedStore.Start(_ => new CidServerOptions
        {
            Flight = ServedStore.Any,
            Http = null,
            StreamsPerClient = 4,
            AnonymousPatience = TimeSpan.FromMilliseconds(200),
        });
        using var channel = new FlightChannel(server.Flight);
        using var end = new CancellationTokenSource();
        using RawCall kept = await Open(server.Token);
        RawCall[] calls = [await Open(null), await Open(null), await Open(null), await Open(null)];
        foreach (RawCall call in calls)
        {
            var e = await Assert.ThrowsAsync<RpcException>(call.NextAsync);
            Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
            call.Dispose();
        }

        // The place of each is free for others, and a token keeps a stream.
        Assert.Equal(StatusCode.NotFound, await FlightCall.StatusAsync(channel, FlightCall.Service + "DoGet", null,
            FlightCall.Ticket($"{Cid.Sha256(Multicodec.Raw, "none"u8)}")));
        Task<bool> waits = kept.NextAsync();
        Assert.False(waits.IsCompleted);
        await end.CancelAsync();
        Assert.False(await waits);

        Task<RawCall> Open(string? token) => FlightCall.OpenAsync(channel, FlightCall.Service + "DoExchange", token,
            async (writer, cancel) =>
            {
                await writer.FlushAsync(cancel);
                await new TaskCompletionSource().Task.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            });
    }

    [Fact]
    public async Task Deadline_of_a_get_that_is_not_read_resets_the_stream_with_cancel()
    {
        await using ServedStore server = await ServedStore.Start();
        Cid cid = server.Store.Put(ServedStore.Sequence(0, 4 << 20)).Cid;
        using Socket socket = await ConnectAsync(server.FlightEndPoint);
        using var stream = new NetworkStream(socket);
        var client = new RawHttp2(stream);
        // A window of 0, so that nothing of the answer can be sent.
        await client.StartAsync(window: 0);
        byte[] ticket = FlightCall.Ticket($"{cid}").Ticket_.ToByteArray();
        byte[] message = [0, 0, 0, 0, (byte)(ticket.Length + 2), 0x0A, (byte)ticket.Length, .. ticket];
        await client.CallAsync("/arrow.flight.protocol.FlightService/DoGet", [new("grpc-timeout", "200m")], message);
        using var watchdog = new CancellationTokenSource(s_watchdog);
        Assert.Equal(8, await client.ResetAsync(watchdog.Token));
    }

    [Fact]
    public async Task Watch_of_health_says_that_the_server_ends_before_it_does()
    {
        await using ServedStore server = await ServedStore.Start();
        using var channel = new FlightChannel(server.Flight);
        using RawCall call = await FlightCall.OpenAsync(channel, "/grpc.health.v1.Health/Watch", null, new Grpc.Health.V1.HealthCheckRequest());
        Assert.True(await call.NextAsync());
        Assert.Equal([8, 1], call.Message);
        Task ending = server.EndServer();
        Assert.True(await call.NextAsync());
        Assert.Equal([8, 2], call.Message);
        await ending;
    }

    private static Task<ServedStore> Start(ManualClock clock) => ServedStore.Start(_ => new CidServerOptions
    {
        Flight = ServedStore.Any,
        Http = ServedStore.Any,
        Time = clock,
    });

    private static async Task<Socket> ConnectAsync(EndPoint to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to);
        return socket;
    }

    /// <summary>Moves the clock on until the server closes the connection: it may not have been accepted yet.</summary>
    private static async Task Advance(ManualClock clock, Socket socket, TimeSpan by)
    {
        Task closed = ClosedAsync(socket);
        while (!closed.IsCompleted)
        {
            clock.Advance(by);
            await Task.Yield();
        }

        await closed;
    }

    private static async Task ClosedAsync(Socket socket)
    {
        using var watchdog = new CancellationTokenSource(s_watchdog);
        byte[] buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, watchdog.Token) > 0)
            {
                // What it says before it closes.
            }
        }
        catch (SocketException)
        {
            // Reset is closed too.
        }
    }

    private static async Task<bool> Health(ServedStore server)
    {
        using var channel = new FlightChannel(server.Flight);
        return await FlightCall.StatusAsync(channel, "/grpc.health.v1.Health/Check", null,
            new Grpc.Health.V1.HealthCheckRequest()) == StatusCode.OK;
    }
}
