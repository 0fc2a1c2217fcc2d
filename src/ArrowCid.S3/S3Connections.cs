using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;

namespace ArrowCid.S3;

/// <summary>The HTTP connections to a bucket. What is received is acknowledged at once: a server that sends an answer
/// in two writes without TCP_NODELAY, as Ceph does unless it is told otherwise, holds the second one back until the
/// first is acknowledged, and Linux delays that by 40 ms.</summary>
internal sealed class S3Connections : HttpClientFactory
{
    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = clientConfig.ConnectTimeout ?? Timeout.InfiniteTimeSpan,
            MaxConnectionsPerServer = clientConfig.MaxConnectionsPerServer ?? int.MaxValue,
            ConnectCallback = ConnectAsync,
        };
        if (clientConfig.GetWebProxy() is { } proxy) handler.Proxy = proxy;
        return new HttpClient(handler) { Timeout = clientConfig.Timeout ?? Timeout.InfiniteTimeSpan };
    }

    /// <summary>Clients of one string share their connections.</summary>
    /// <inheritdoc/>
    public override string GetConfigUniqueString(IClientConfig clientConfig) =>
        $"{nameof(ArrowCid)} {clientConfig.ConnectTimeout} {clientConfig.Timeout} " +
        $"{clientConfig.MaxConnectionsPerServer} {clientConfig.ProxyHost} {clientConfig.ProxyPort}";

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken end)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, end);
            return OperatingSystem.IsLinux() ? new PromptStream(socket) : new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A connection whose reads acknowledge what they receive.</summary>
    private sealed class PromptStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        // Of Linux; every request that is sent ends it, so that it is set for each read.
        private const int TcpLevel = 6, QuickAck = 12;

        private static readonly byte[] s_on = BitConverter.GetBytes(1);

        // The base reads a span by this method.
        public override int Read(byte[] buffer, int offset, int count)
        {
            Acknowledge();
            return base.Read(buffer, offset, count);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Acknowledge();
            return base.ReadAsync(buffer, offset, count, cancellationToken);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Acknowledge();
            return base.ReadAsync(buffer, cancellationToken);
        }

        private void Acknowledge()
        {
            try
            {
                Socket.SetRawSocketOption(TcpLevel, QuickAck, s_on);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The read that follows tells what is wrong with the connection.
            }
        }
    }
}
