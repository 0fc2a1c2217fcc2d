using System.Net;
using System.Net.Sockets;
using System.Text;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Tests.Transfer;

/// <summary>Gateways that lie, stall or never end.</summary>
public class HostileGatewayTests
{
    private static readonly byte[] s_bytes = "the block"u8.ToArray();
    private static readonly Cid s_cid = Cid.Sha256(Multicodec.Raw, s_bytes);
    private static readonly BlockSlice s_slice = new(4, 5, Cid.Sha256(Multicodec.Raw, "block"u8));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe blocc", ErrorCode.BlockCorrupt)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ErrorCode.BlockCorrupt)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4000000000000\r\n\r\nthe", ErrorCode.TooLarge)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\nthe", ErrorCode.Io)]
    [InlineData("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", ErrorCode.Io)]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", ErrorCode.Busy)]
    [InlineData("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", ErrorCode.Busy)]
    [InlineData("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", ErrorCode.AccessDenied)]
    [InlineData("HTTP/1.1 302 No\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", ErrorCode.Io)]
    [InlineData("nonsense\r\n\r\n", ErrorCode.Io)]
    [InlineData("", ErrorCode.Io)]
    public async Task What_a_gateway_answers_wrongly_is_an_error_of_its_own(string answer, ErrorCode code)
    {
        await using var server = new Answering(Encoding.ASCII.GetBytes(answer));
        using var backend = BlockBackend.Gateway(server.Url, TimeSpan.FromSeconds(60));
        Assert.Equal(code, Assert.Throws<ArrowCidException>(() => backend.TryGet(s_cid)).Code);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe block")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthe \r\n5\r\nblock\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe block")]
    public async Task A_right_answer_is_taken_in_any_framing(string answer)
    {
        await using var server = new Answering(Encoding.ASCII.GetBytes(answer));
        using var backend = BlockBackend.Gateway(server.Url, TimeSpan.FromSeconds(60));
        Assert.Equal(s_bytes, backend.TryGet(s_cid)!.Bytes.ToArray());
    }

    [Theory]
    [InlineData("206 Part\r\nContent-Range: bytes 4-8/9\r\nContent-Length: 5\r\n\r\nblocc", ErrorCode.BlockCorrupt)]
    [InlineData("206 Part\r\nContent-Range: bytes 4-8/9\r\nContent-Length: 5\r\n\r\nblo", ErrorCode.Io)]
    [InlineData("206 Part\r\nContent-Range: bytes 4-6/9\r\nContent-Length: 3\r\n\r\nblo", ErrorCode.Io)]
    [InlineData("206 Part\r\nContent-Range: bytes 4-6/7\r\nContent-Length: 3\r\n\r\nblo", ErrorCode.BlockCorrupt)]
    [InlineData("206 Part\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\n\r\nblock", ErrorCode.Io)]
    [InlineData("206 Part\r\nContent-Length: 5\r\n\r\nblock", ErrorCode.Io)]
    [InlineData("416 No\r\nContent-Length: 0\r\n\r\n", ErrorCode.BlockCorrupt)]
    [InlineData("200 OK\r\nContent-Length: 9\r\n\r\nthe blocc", ErrorCode.BlockCorrupt)]
    [InlineData("503 No\r\nContent-Length: 0\r\n\r\n", ErrorCode.Busy)]
    public async Task Range_that_a_gateway_answers_wrongly_is_an_error_of_its_own(string answer, ErrorCode code)
    {
        await using var server = new Answering(Encoding.ASCII.GetBytes("HTTP/1.1 " + answer));
        using var backend = BlockBackend.Gateway(server.Url, TimeSpan.FromSeconds(60));
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => backend.TryGetRange(s_cid, s_slice));
        Assert.True(code == error.Code, error.ToString());
    }

    [Theory]
    [InlineData("206 Part\r\nContent-Range: bytes 4-8/9\r\nContent-Length: 5\r\n\r\nblock")]
    [InlineData("206 Part\r\nContent-Range: bytes 4-8/*\r\nConnection: close\r\n\r\nblock")]
    [InlineData("200 OK\r\nContent-Length: 9\r\n\r\nthe block")]
    public async Task Range_is_taken_from_its_answer_or_from_the_whole_block(string answer)
    {
        await using var server = new Answering(Encoding.ASCII.GetBytes("HTTP/1.1 " + answer));
        using var backend = BlockBackend.Gateway(server.Url, TimeSpan.FromSeconds(60));
        Assert.Equal("block"u8.ToArray(), backend.TryGetRange(s_cid, s_slice)!.Bytes.ToArray());
    }

    [Fact]
    public async Task Absent_is_absent()
    {
        await using var server = new Answering("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        using var backend = BlockBackend.Gateway(server.Url, TimeSpan.FromSeconds(60));
        Assert.Null(backend.TryGet(s_cid));
        Assert.Null(backend.TryGetRange(s_cid, s_slice));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe")]
    public async Task One_that_stalls_is_left_when_its_time_is_over(string answer)
    {
        await using var server = new Answering(Encoding.ASCII.GetBytes(answer), stalls: true);
        using var backend = BlockBackend.Gateway(server.Url, TimeSpan.FromMilliseconds(300));
        ArrowCidException left = Assert.Throws<ArrowCidException>(() => backend.TryGet(s_cid));
        Assert.True(left is { Code: ErrorCode.Busy, IsTransient: true }, left.ToString());
    }

    /// <summary>Answers every request with the same bytes, and then closes, or says nothing more.</summary>
    private sealed class Answering : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly Task _serving;

        public Answering(byte[] answer, bool stalls = false)
        {
            _listener.Start();
            _serving = Serve(answer, stalls);
        }

        public Uri Url => new($"http://{_listener.LocalEndpoint}/");

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _serving;
            _listener.Dispose();
            _end.Dispose();
        }

        private async Task Serve(byte[] answer, bool stalls)
        {
            try
            {
                while (!_end.IsCancellationRequested)
                {
                    using TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                    NetworkStream stream = client.GetStream();
                    var request = new StringBuilder();
                    byte[] some = new byte[4096];
                    while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                    {
                        int read = await stream.ReadAsync(some, _end.Token);
                        if (read == 0) break;
                        request.Append(Encoding.ASCII.GetString(some, 0, read));
                    }

                    await stream.WriteAsync(answer, _end.Token);
                    // Until the client goes.
                    if (stalls) _ = await stream.ReadAsync(some, _end.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
            {
                // The test is over, or the client has gone.
            }
        }
    }
}
