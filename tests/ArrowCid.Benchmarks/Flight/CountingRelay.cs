using System.Net;
using System.Net.Sockets;

namespace ArrowCid.Benchmarks;

/// <summary>Passes connections on to a server, and counts the bytes that come back.</summary>
internal sealed class CountingRelay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Uri _server;
    private long _bytes;

    public CountingRelay(Uri server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where it is.</summary>
    public Uri Url => new($"http://{_listener.LocalEndpoint}/");

    /// <summary>The bytes that came back since the last time, with headers.</summary>
    public long TakeBytes() => Interlocked.Exchange(ref _bytes, 0);

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = PassAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The relay ended.
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        try
        {
            using (client)
            using (var server = new TcpClient(_server.Host, _server.Port))
            {
                Task up = client.GetStream().CopyToAsync(server.GetStream(), _end.Token);
                byte[] bytes = new byte[1 << 16];
                while (await server.GetStream().ReadAsync(bytes, _end.Token) is > 0 and int read)
                {
                    _ = Interlocked.Add(ref _bytes, read);
                    await client.GetStream().WriteAsync(bytes.AsMemory(0, read), _end.Token);
                }

                client.Close();
                await up;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException
            or ObjectDisposedException)
        {
            // One side closed the connection.
        }
    }
}
