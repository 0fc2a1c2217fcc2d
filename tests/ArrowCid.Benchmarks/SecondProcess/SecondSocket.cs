using System.Buffers.Binary;
using System.Net.Sockets;

namespace ArrowCid.Benchmarks;

/// <summary>The serving end of a Unix socket: copies bytes to who asks, or takes a stream of messages.</summary>
internal sealed class SecondSocket : ISecondRole
{
    private readonly Socket _listener;
    private Socket? _competitor;
    private byte[] _bytes = [];

    public SecondSocket(string path)
    {
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(1);
    }

    /// <inheritdoc/>
    public string Answer(string what, int count)
    {
        _competitor ??= _listener.Accept();
        if (what == "serve") Serve();
        else Take(count);
        return "done";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _competitor?.Dispose();
        _listener.Dispose();
    }

    /// <summary>Sends as many bytes as each request says, until one says none.</summary>
    private void Serve()
    {
        Span<byte> request = stackalloc byte[sizeof(int)];
        while (true)
        {
            UnixCopy.ReceiveAll(_competitor!, request);
            int length = BinaryPrimitives.ReadInt32LittleEndian(request);
            if (length == 0) return;
            if (_bytes.Length < length) _bytes = new byte[length];
            UnixCopy.SendAll(_competitor!, _bytes.AsSpan(0, length));
        }
    }

    /// <summary>Receives so many messages, each with its length before it.</summary>
    private void Take(int count)
    {
        if (_bytes.Length < 1 << 18) _bytes = new byte[1 << 18];
        int start = 0, end = 0;
        while (count > 0)
        {
            while (end - start >= sizeof(int))
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(start));
                if (end - start < sizeof(int) + length) break;
                start += sizeof(int) + length;
                count--;
            }

            if (count == 0) return;
            _bytes.AsSpan(start, end - start).CopyTo(_bytes);
            (start, end) = (0, end - start);
            int received = _competitor!.Receive(_bytes.AsSpan(end));
            if (received == 0) throw new ArrowCidException(ErrorCode.Io, "the socket was closed");
            end += received;
        }
    }
}

/// <summary>The asking end of a Unix socket.</summary>
internal sealed class UnixCopy : IDisposable
{
    private readonly LineProcess _second;
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private byte[] _bytes = [];

    public UnixCopy(string path)
    {
        _second = LineProcess.Second("socket", path);
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    /// <summary>Has so many bytes copied into this process's memory, some times over.</summary>
    /// <returns>The p50 of one copy, in seconds.</returns>
    public double Copy(int length, int times)
    {
        if (_bytes.Length < length) _bytes = new byte[length];
        _second.Tell("serve");
        double p50 = Rounds.P50(times, 1, () => Ask(length));
        Ask(0);
        _ = _second.Hear();
        return p50;
    }

    /// <summary>Sends so many messages, one call each.</summary>
    /// <returns>Messages a second, until the other end has the last one.</returns>
    public double Stream(int length, int count)
    {
        var message = new byte[sizeof(int) + length];
        BinaryPrimitives.WriteInt32LittleEndian(message, length);
        _second.Tell($"take {count}");
        double seconds = Rounds.Seconds(() =>
        {
            for (int i = 0; i < count; i++) SendAll(_socket, message);
            _ = _second.Hear();
        });
        return count / seconds;
    }

    public void Dispose()
    {
        _second.Dispose();
        _socket.Dispose();
    }

    public static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[socket.Send(bytes)..];
    }

    public static void ReceiveAll(Socket socket, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int received = socket.Receive(bytes);
            if (received == 0) throw new ArrowCidException(ErrorCode.Io, "the socket was closed");
            bytes = bytes[received..];
        }
    }

    private void Ask(int length)
    {
        Span<byte> request = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(request, length);
        SendAll(_socket, request);
        ReceiveAll(_socket, _bytes.AsSpan(0, length));
    }
}
