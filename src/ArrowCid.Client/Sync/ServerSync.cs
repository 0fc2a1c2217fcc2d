using ArrowCid.Sync;

namespace ArrowCid.Client;

/// <summary>Servers as the other side of a sync.</summary>
public static class ServerSync
{
    /// <summary>Returns whether a location is that of a server, which <see cref="Open"/> takes.</summary>
    /// <param name="location">The location.</param>
    /// <returns>True for the schemes of HTTP and of Flight.</returns>
    public static bool Matches(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return Uri.TryCreate(location, UriKind.Absolute, out Uri? url) &&
            (HttpSyncPeer.Matches(url) || ServerBlocks.IsFlight(url));
    }

    /// <summary>Opens a server as the other side of a sync. Nothing is sent until the first call.</summary>
    /// <param name="location"><c>http://HOST:PORT</c>, <c>https://HOST:PORT</c> or <c>http+unix:///PATH</c> for HTTP,
    /// <c>grpc://HOST:PORT</c>, <c>grpcs://HOST:PORT</c> or <c>grpc+unix:///PATH</c> for Flight; with
    /// <c>?token-file=FILE</c>. Pulling needs the scope <c>read</c>, pushing <c>put</c>, and pushing names, pins and
    /// expiries <c>admin</c>.</param>
    /// <returns>The other side.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the location breaks this form;
    /// <see cref="ErrorCode.Io"/> or <see cref="ErrorCode.AccessDenied"/>: the file of the token cannot be
    /// read.</exception>
    public static SyncPeer Open(string location)
    {
        ArgumentException.ThrowIfNullOrEmpty(location);
        bool isServer = Uri.TryCreate(location, UriKind.Absolute, out Uri? url) &&
            (HttpSyncPeer.Matches(url) || ServerBlocks.IsFlight(url));
        if (!isServer) throw ServerBlocks.Refused("it is no URL of a server; http, https, http+unix, grpc, grpcs and " +
            "grpc+unix are known");
        if (url!.UserInfo.Length > 0) throw ServerBlocks.Refused("the URL holds credentials; give ?token-file=FILE");
        string? token = ServerBlocks.TokenOf(url.Query);
        var plain = new Uri(url.GetLeftPart(UriPartial.Path));
        return ServerBlocks.IsFlight(url)
            ? new FlightSyncPeer(plain, token)
            : new HttpSyncPeer(plain, token);
    }
}
