using System.Net.Sockets;

namespace ArrowCid.Flight;

/// <summary>A Unix socket's file: only its owner connects, and what a dead server left is taken away.</summary>
internal static class UnixSocketFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a socket that is bound and does not listen yet, so that its file's mode stands before anybody
    /// can connect.</summary>
    /// <exception cref="IOException">Somebody listens there, or the path is something else's.</exception>
    public static Socket Bind(UnixDomainSocketEndPoint at)
    {
        string path = at.ToString();
        TakeAwayStale(path, at);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(at);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, OwnerOnly);
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

        throw new IOException($"unix:{path}: a server listens there; end it, or name another path");
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
