using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Flight;
using Xunit.Abstractions;

namespace ArrowCid.ProcessTests.Hostile;

/// <summary>Clients that go away amid a large answer or amid a message: nothing is logged as an error, leases end,
/// memory is returned.</summary>
public sealed class GoneClientTests(ITestOutputHelper output)
{
    private const int Clients = 16;

    // A block with a segment of its own, larger than what sockets and streams take ahead.
    private const int Rows = 4 << 20;
    private const long MostKept = 40L << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>How a client goes: it closes its connection or resets it.</summary>
    public static TheoryData<string> Ways() => ["close", "reset", "close csv", "reset csv"];

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
        Assert.Equal([cid], store.Retention.Remove([cid]).Removed);
        CompactedSegment large = Assert.Single(store.Maintenance.Compact().Segments, one => one.Kind == StoreSegmentKind.Large);
        Assert.Equal(CompactOutcome.Held, large.Outcome);

        foreach (IDisposable client in clients) client.Dispose();
        long started = Stopwatch.GetTimestamp();
        while (File.Exists(Path.Combine(served.Directory, large.Name)))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, "a lease is kept");
            _ = store.Maintenance.Compact();
        }

        long kept;
        while ((kept = ServerProcess.Resident(served.ProcessId) - before) > MostKept)
            Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, $"{kept >> 20} MiB are kept");
        output.WriteLine($"{kept >> 20} MiB more after {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        Assert.Equal(0, served.Terminate());
        string log = served.Log;
        output.WriteLine(log);
        Assert.DoesNotContain("\"level\":\"error\"", log, StringComparison.Ordinal);
        Assert.DoesNotContain("\"level\":\"warn", log, StringComparison.Ordinal);
    }

    /// <summary>A call whose client goes amid a message: over HTTP/2 it is cancelled by then, and over HTTP/1.1
    /// (gRPC-Web) its reader meets the end of the connection first.</summary>
    [Theory]
    [InlineData("DoPut", "close")]
    [InlineData("DoPut", "cancel")]
    [InlineData("DoExchange", "reset")]
    [InlineData("DoPut", "close web")]
    [InlineData("DoPut", "reset web")]
    [InlineData("/v1/blocks", "close post")]
    [InlineData("/v1/blocks", "reset post")]
    public async Task Server_logs_no_fault_when_clients_go_amid_a_message(string method, string way)
    {
        using ServedStore served = ServedStore.Start("--grpc-web", "true");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(served.Http) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", served.Token);
        string protocol = way.EndsWith("post", StringComparison.Ordinal) ? "http" : "flight";
        Assert.Equal(0, await RunningAsync(http, protocol));
        var calls = new List<HalfCall>();
        for (int i = 0; i < Clients; i++) calls.Add(HalfCall.Begin(served, method, way));
        await UntilAsync(async () => await RunningAsync(http, protocol) == Clients);
        foreach (HalfCall call in calls) call.Go();
        await UntilAsync(async () => await RunningAsync(http, protocol) == 0);
        foreach (HalfCall call in calls) call.Dispose();
        Assert.Equal(0, served.Terminate());
        string log = served.Log;
        output.WriteLine(log);
        Assert.DoesNotContain("\"level\":\"error\"", log, StringComparison.Ordinal);
        Assert.DoesNotContain("\"level\":\"warn", log, StringComparison.Ordinal);
    }

    private static async Task<int> RunningAsync(HttpClient http, string protocol)
    {
        string name = $"arrowcid_running{{protocol=\"{protocol}\"}} ";
        string metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        string? line = metrics.Split('\n').SingleOrDefault(each => each.StartsWith(name, StringComparison.Ordinal));
        // The request for the metrics is one that runs.
        int own = protocol == "http" ? 1 : 0;
        return line is null ? 0 : int.Parse(line[name.Length..], CultureInfo.InvariantCulture) - own;
    }

    private static async Task UntilAsync(Func<Task<bool>> isDone)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await isDone()) Assert.True(Stopwatch.GetElapsedTime(started) < s_patience, "it does not come to rest");
    }

    /// <summary>Asks for the block and reads the first bytes of the answer.</summary>
    private static async Task<IDisposable> BeginAsync(ServedStore served, Cid cid, string way)
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

    /// <summary>A call over HTTP/2, written by hand, that has sent a part of its first message.</summary>
    private sealed class HalfCall(Socket socket, bool isCancelled) : IDisposable
    {
        private const int Message = 1 << 20, Part = 1 << 12;
        private const byte Headers = 1, Data = 0, Reset = 3, Settings = 4, EndHeaders = 4, Cancel = 8;

        private static readonly byte[] s_preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])];

        /// <summary>Begins a call and sends a part of its message.</summary>
        public static HalfCall Begin(ServedStore served, string method, string way)
        {
            byte[] prefix = new byte[5 + Part];
            BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), Message);
            // The first field of the message: bytes of which most do not come.
            new byte[] { 0xC2, 0x3E, 0xF0, 0xFF, 0x3F }.CopyTo(prefix, 5);
            bool isPost = way.EndsWith("post", StringComparison.Ordinal);
            bool isWeb = isPost || way.EndsWith("web", StringComparison.Ordinal);
            var address = new Uri(isWeb ? served.Http : served.Flight);
            Socket socket = Connect(address);
            if (way.StartsWith("reset", StringComparison.Ordinal)) socket.LingerState = new LingerOption(true, 0);
            if (isWeb)
            {
                socket.Send([.. Encoding.ASCII.GetBytes($"POST {(isPost ? method : RawGrpc.Flight + method)} HTTP/1.1\r\nHost: {address.Authority}\r\n" +
                    $"Content-Type: application/{(isPost ? "octet-stream" : "grpc-web")}\r\nAuthorization: Bearer {served.Token}\r\n" +
                    $"Content-Length: {Message + 5}\r\n\r\n"), .. prefix]);
            }
            else
            {
                socket.Send([.. s_preface, .. Frame(Headers, EndHeaders, 1, HeadersOf(served, method)), .. Frame(Data, 0, 1, prefix)]);
            }

            return new HalfCall(socket, way == "cancel");
        }

        private static Socket Connect(Uri address)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPEndPoint.Parse(address.Authority));
            return socket;
        }

        private static byte[] HeadersOf(ServedStore served, string method) =>
        [
            .. Field(":method", "POST"), .. Field(":scheme", "http"), .. Field(":path", RawGrpc.Flight + method),
            .. Field(":authority", "localhost"), .. Field("content-type", "application/grpc"), .. Field("te", "trailers"),
            .. Field("authorization", $"Bearer {served.Token}"),
        ];

        /// <summary>Resets the stream alone, or ends the connection.</summary>
        public void Go()
        {
            if (isCancelled) socket.Send(Frame(Reset, 0, 1, [0, 0, 0, Cancel]));
            else socket.Dispose();
        }

        public void Dispose() => socket.Dispose();

        private static byte[] Frame(byte kind, byte flags, int stream, byte[] payload) =>
        [
            0, (byte)(payload.Length >> 8), (byte)payload.Length, kind, flags, 0, 0, (byte)(stream >> 8), (byte)stream,
            .. payload,
        ];

        /// <summary>A header that is in no table.</summary>
        private static byte[] Field(string name, string value) =>
            [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
    }
}
