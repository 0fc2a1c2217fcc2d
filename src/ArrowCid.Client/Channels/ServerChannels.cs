namespace ArrowCid.Client;

/// <summary>Servers as the other side of channels.</summary>
public static class ServerChannels
{
    /// <summary>Returns whether a location is that of a server, which <see cref="Open(string)"/> takes.</summary>
    /// <param name="location">The location.</param>
    /// <returns>True for the schemes of Flight, and of HTTP.</returns>
    public static bool Matches(string location) => ServerBlocks.Matches(location);

    /// <summary>Opens a server as the other side of channels. Nothing is sent until the first call.</summary>
    /// <param name="location"><c>grpc://HOST:PORT</c>, <c>grpcs://HOST:PORT</c> (with TLS) or <c>grpc+unix:///PATH</c>
    /// for Flight, <c>http://</c> or <c>https://</c> for HTTP; with <c>?token-file=FILE</c>. The exchange of messages
    /// needs the scope <c>put</c>.</param>
    /// <returns>The other side.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the location breaks this form;
    /// <see cref="ErrorCode.Io"/> or <see cref="ErrorCode.AccessDenied"/>: the file of the token cannot be
    /// read.</exception>
    public static ChannelPeer Open(string location)
    {
        ArgumentException.ThrowIfNullOrEmpty(location);
        if (!Uri.TryCreate(location, UriKind.Absolute, out Uri? url) || !ServerBlocks.Matches(location))
            throw ServerBlocks.Refused("it is no URL of a server; grpc, grpcs, grpc+unix, http and https are known");
        if (url.UserInfo.Length > 0) throw ServerBlocks.Refused("the URL holds credentials; give ?token-file=FILE");
        return Open(new Uri(url.GetLeftPart(UriPartial.Path)), ServerBlocks.TokenOf(url.Query));
    }

    /// <summary>Opens a server as the other side of channels, with a token that is at hand.</summary>
    /// <param name="url">As the location of <see cref="Open(string)"/>, without a file.</param>
    /// <param name="token">The token; null for none.</param>
    /// <returns>The other side.</returns>
    public static ChannelPeer Open(Uri url, string? token)
    {
        ArgumentNullException.ThrowIfNull(url);
        return ServerBlocks.IsFlight(url)
            ? new FlightChannelPeer(url,
                new CidClient(url, new CidClientOptions { Token = token, UseLocalStore = false }))
            : new HttpChannelPeer(url, token);
    }
}
