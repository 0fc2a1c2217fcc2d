using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ArrowCid.Benchmarks;

/// <summary>
/// A Redis of this run's own behind a Unix socket, without persistence, and a client for SET and GET. One thread uses
/// it at a time.
/// </summary>
internal sealed class RedisCompetitor : IDisposable
{
    private const int StartMilliseconds = 10_000;

    // The shell ends the server when its own standard input ends: also when this process is killed.
    private const string Watchdog = "\"$@\" >/dev/null 2>&1 & server=$!; cat >/dev/null; kill $server; wait $server";

    private readonly Process _process;
    private readonly Socket _socket;
    private byte[] _out = new byte[1 << 16];
    private byte[] _in = new byte[1 << 16];
    private int _written;
    private int _start;
    private int _end;

    private RedisCompetitor(Process process, Socket socket, string path) =>
        (_process, _socket, SocketPath) = (process, socket, path);

    /// <summary>Where it listens, for other clients.</summary>
    public string SocketPath { get; }

    /// <summary>Starts a server whose files are in a directory.</summary>
    /// <returns>Null where it does not answer in time.</returns>
    public static RedisCompetitor? TryStart(string runner, string directory)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "redis.sock");
        var start = new ProcessStartInfo("sh",
        [
            "-c", Watchdog, "sh", "sh", runner, "redis-server", "--port", "0", "--unixsocket", path, "--save", "",
            "--appendonly", "no", "--dir", directory, "--loglevel", "warning",
        ])
        { RedirectStandardInput = true };
        Process process = Process.Start(start)
            ?? throw new ArrowCidException(ErrorCode.Io, "sh could not be started");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        long began = Stopwatch.GetTimestamp();
        while (!process.HasExited && Stopwatch.GetElapsedTime(began).TotalMilliseconds < StartMilliseconds)
        {
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return new RedisCompetitor(process, socket, path);
            }
            catch (SocketException)
            {
                Thread.Sleep(5);
            }
        }

        socket.Dispose();
        End(process);
        return null;
    }

    /// <summary>Sets one value and waits for the answer.</summary>
    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Append(key, value);
        Flush(1);
    }

    /// <summary>Adds a SET to what <see cref="Flush"/> sends.</summary>
    public void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Write("*3\r\n$3\r\nSET\r\n"u8);
        WriteBulk(key);
        WriteBulk(value);
    }

    /// <summary>Sends what was added and waits for as many answers.</summary>
    public void Flush(int commands)
    {
        SendAll();
        for (int i = 0; i < commands; i++)
        {
            ReadOnlySpan<byte> line = ReadLine();
            if (!line.SequenceEqual("+OK"u8)) throw Refused(line);
        }
    }

    /// <summary>Gets a value into the client's own memory.</summary>
    /// <returns>Its length.</returns>
    public int Get(ReadOnlySpan<byte> key)
    {
        Write("*2\r\n$3\r\nGET\r\n"u8);
        WriteBulk(key);
        SendAll();
        ReadOnlySpan<byte> line = ReadLine();
        if (line.IsEmpty || line[0] != (byte)'$') throw Refused(line);
        int length = int.Parse(line[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (length < 0) throw Refused(line);
        FillTo(length + 2);
        _start += length + 2;
        return length;
    }

    /// <summary>Drops every key.</summary>
    public void Clear()
    {
        Write("*2\r\n$8\r\nFLUSHALL\r\n$4\r\nSYNC\r\n"u8);
        Flush(1);
    }

    public void Dispose()
    {
        _socket.Dispose();
        End(_process);
    }

    private static void End(Process process)
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    private static ArrowCidException Refused(ReadOnlySpan<byte> line) =>
        new(ErrorCode.Io, $"Redis answered '{Encoding.ASCII.GetString(line)}'");

    private void WriteBulk(ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[16];
        _ = bytes.Length.TryFormat(length, out int digits, default, CultureInfo.InvariantCulture);
        Write("$"u8);
        Write(length[..digits]);
        Write("\r\n"u8);
        Write(bytes);
        Write("\r\n"u8);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _out.Length - _written)
            Array.Resize(ref _out, Math.Max(_out.Length * 2, _written + bytes.Length));
        bytes.CopyTo(_out.AsSpan(_written));
        _written += bytes.Length;
    }

    private void SendAll()
    {
        for (int sent = 0; sent < _written;) sent += _socket.Send(_out.AsSpan(sent, _written - sent));
        _written = 0;
    }

    /// <summary>The next line without its end; valid until the next read.</summary>
    private ReadOnlySpan<byte> ReadLine()
    {
        while (true)
        {
            int at = _in.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (at < 0)
            {
                FillTo(_end - _start + 1);
                continue;
            }

            ReadOnlySpan<byte> line = _in.AsSpan(_start, at);
            _start += at + 2;
            return line;
        }
    }

    /// <summary>Receives until so many bytes are there that nobody has read. They are moved only for want of
    /// room.</summary>
    private void FillTo(int count)
    {
        if (_start == _end) (_start, _end) = (0, 0);
        if (count > _in.Length - _start)
        {
            byte[] to = count > _in.Length ? new byte[count + (1 << 16)] : _in;
            _in.AsSpan(_start, _end - _start).CopyTo(to);
            (_in, _start, _end) = (to, 0, _end - _start);
        }

        while (_end - _start < count)
        {
            int received = _socket.Receive(_in.AsSpan(_end));
            if (received == 0) throw new ArrowCidException(ErrorCode.Io, "Redis closed the connection");
            _end += received;
        }
    }
}
