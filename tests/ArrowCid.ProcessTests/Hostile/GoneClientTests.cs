using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Flight;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>Clients that go away amid a large answer: nothing is logged as an error, leases end, memory is
/// returned.</summary>
public sealed class GoneClientTests(ITestOutputHelper output)
{
    private const int Clients = 16;

    // A block with a segment of its own, larger than what sockets and streams take ahead.
    private const int Rows = 4 << 20;
    private const long MostKept = 40L << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>How a client goes: it closes its connection, resets it, or cancels its call.</summary>
    public static TheoryData<string> Ways() => ["close", "reset", "close csv", "reset csv", "cancel DoGet", "close DoGet"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Server_releases_leases_and_memory_when_clients_go_amid_an_answer(string way)
    {
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(
            Enumerable.Range(0, Rows).Select(i => (long)i * 7919).ToArray())))).Cid;
        using (var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }))
        using (HttpResponseMessage small = await http.GetAsync(new Uri(new Uri(served.Http), "/health")))
            small.EnsureSuccessStatusCode();
        long before = ServerProcess.Resident(served.ProcessId);
        var clients = new List<IDisposable>();
        for (int i = 0; i < Clients; i++) clients.Add(await BeginAsync(served, cid, way));

        // The answers are on their way: their leases hold the block's segment, though the block is removed.
        Assert.Equal([cid], store.Remove([cid]).Removed);
        CompactedSegment large = Assert.Single(store.Compact().Segments, one => one.Kind == "large");
        Assert.Equal(CompactOutcome.Held, large.Outcome);

        foreach (IDisposable client in clients) client.Dispose();
        long started = Stopwatch.GetTimestamp();
        while (File.Exists(Path.Combine(served.Directory, large.Name)))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, "a lease is kept");
            _ = store.Compact();
        }

        long kept;
        while ((kept = ServerProcess.Resident(served.ProcessId) - before) > MostKept)
            Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, $"{kept >> 20} MiB are kept");
        output.WriteLine($"{kept >> 20} MiB more after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        Assert.Equal(0, served.Terminate());
        string log = served.Log;
        Assert.DoesNotContain("\"level\":\"error\"", log, StringComparison.Ordinal);
        Assert.DoesNotContain("\"level\":\"warn", log, StringComparison.Ordinal);
    }

    /// <summary>Asks for the block and reads the first bytes of the answer.</summary>
    private static Task<IDisposable> BeginAsync(ServedStore served, Cid cid, string way) =>
        way.EndsWith("DoGet", StringComparison.Ordinal)
            ? BeginFlightAsync(served, cid, isClosed: way.StartsWith("close", StringComparison.Ordinal))
            : BeginHttpAsync(served, cid, way);

    private static async Task<IDisposable> BeginHttpAsync(ServedStore served, Cid cid, string way)
    {
        var address = new Uri(served.Http);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (way.StartsWith("reset", StringComparison.Ordinal)) socket.LingerState = new LingerOption(true, 0);
        await socket.ConnectAsync(IPEndPoint.Parse(address.Authority));
        string format = way.EndsWith("csv", StringComparison.Ordinal) ? "?format=csv" : "";
        _ = await socket.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"GET /v1/blocks/{cid}{format} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n")));
        byte[] start = new byte[1 << 16];
        int read = 0;
        while (read < start.Length) read += await ReadAsync(socket, start.AsMemory(read));
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(start, 0, 12), StringComparison.Ordinal);
        return socket;
    }

    private static async Task<int> ReadAsync(Socket socket, Memory<byte> into)
    {
        int read = await socket.ReceiveAsync(into);
        Assert.True(read > 0, "the answer ended");
        return read;
    }

    /// <returns>What closes the connection, or resets the stream alone.</returns>
    private static async Task<IDisposable> BeginFlightAsync(ServedStore served, Cid cid, bool isClosed)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            InitialHttp2StreamWindowSize = 65535,
            ConnectCallback = async (context, cancel) =>
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        byte[] ticket = [0x0A, (byte)$"{cid}".Length, .. Encoding.ASCII.GetBytes($"{cid}")];
        using var request = new HttpRequestMessage(HttpMethod.Post,
            new Uri(served.Flight.Replace("grpc://", "http://", StringComparison.Ordinal) + RawGrpc.Flight + "DoGet"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(RawGrpc.Frame(ticket)),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Stream body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[1 << 12]);
        return isClosed ? socket : answer;
    }
}
