using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace ArrowCid.Server;

/// <summary>A Unix socket's file: only its owner can connect, and the file of a dead server is deleted.</summary>
internal static class UnixSocketFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // How long another start on the same path may take.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Creates a listening socket. Its file has its mode before any client can connect, and of several servers
    /// that start on one path at once one gets it.</summary>
    /// <exception cref="IOException">Another process listens there, or the path is not a socket.</exception>
    public static Socket Bind(UnixDomainSocketEndPoint at)
    {
        string path = at.ToString();
        using Socket turn = TakeTurn(path);
        TakeAwayStale(path, at);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(at);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly);
            // From here on a later server sees that the path is in use; the accepting server may call listen again.
            socket.Listen();
            return socket;
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new IOException($"unix:{path}: {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits until no other start looks at the path. The lock is a socket's name that has no file: it goes
    /// with its process, and nothing is left behind.</summary>
    private static Socket TakeTurn(string path)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path)));
        var name = new UnixDomainSocketEndPoint($"\0arrowcid-start-{Convert.ToHexStringLower(hash)}");
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            var turn = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                turn.Bind(name);
                return turn;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                turn.Dispose();
                if (Stopwatch.GetElapsedTime(began) > s_patience)
                    throw new IOException($"unix:{path}: another server starts there; name another path", e);
                Thread.Sleep(s_pause);
            }
            catch
            {
                turn.Dispose();
                throw;
            }
        }
    }

    private static void TakeAwayStale(string path, UnixDomainSocketEndPoint at)
    {
        if (!File.Exists(path)) return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(at);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new IOException($"unix:{path} cannot be taken: {e.Message}; name another path", e);
        }

        throw new IOException($"unix:{path}: a server listens there; end it, or name another path",
            new SocketException((int)SocketError.AddressAlreadyInUse));
    }

    /// <summary>Connecting to any other file is refused too.</summary>
    private static bool IsSocket(string path)
    {
        try
        {
            // A socket's file cannot be opened; every other can, or says why not.
            using FileStream file = File.OpenRead(path);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
