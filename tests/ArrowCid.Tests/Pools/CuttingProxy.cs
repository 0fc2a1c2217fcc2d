using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ArrowCid.Tests.Pools;

/// <summary>Passes connections on to a server, until it is told to cut them or to lose an answer.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _sockets = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;
    private readonly int _server;
    private byte[]? _lostAfter;
    private volatile bool _isCut;

    public CuttingProxy(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The number of answers that were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>Cuts every connection, and refuses new ones.</summary>
    public void Cut()
    {
        _isCut = true;
        lock (_lock)
        {
            foreach (Socket socket in _sockets) socket.Dispose();
            _sockets.Clear();
        }
    }

    /// <summary>Takes connections again.</summary>
    public void Heal() => _isCut = false;

    /// <summary>Passes the next request with a text on, and cuts its connection when the answer comes.</summary>
    public void LoseAnswerTo(string text) => _lostAfter = Encoding.ASCII.GetBytes(text);

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync();
                if (_isCut)
                {
                    client.Dispose();
                    continue;
                }

                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, _server);
                lock (_lock) _sockets.AddRange([client, server]);
                _ = Task.Run(() => PassAsync(client, server));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed.
        }
    }

    private async Task PassAsync(Socket client, Socket server)
    {
        bool loses = false;
        Task[] ways = [Forward(client, server, isRequest: true), Forward(server, client, isRequest: false)];
        _ = await Task.WhenAny(ways);
        client.Dispose();
        server.Dispose();

        async Task Forward(Socket from, Socket to, bool isRequest)
        {
            byte[] bytes = new byte[1 << 16];
            try
            {
                while (await from.ReceiveAsync(bytes) is > 0 and int count)
                {
                    if (isRequest && _lostAfter is { } text && bytes.AsSpan(0, count).IndexOf(text) >= 0)
                    {
                        loses = true;
                        _lostAfter = null;
                    }
                    else if (!isRequest && loses)
                    {
                        Lost++;
                        return;
                    }

                    _ = await to.SendAsync(bytes.AsMemory(0, count));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It was cut.
            }
        }
    }
}
