using ArrowCid.Transfer.Backends;

namespace ArrowCid.Client;

/// <summary>The blocks of servers as backends.</summary>
public static class ServerBlocks
{
    private const string TokenFile = "token-file";

    /// <summary>Returns whether a location is that of a server, which <see cref="Open"/> takes.</summary>
    /// <param name="location">The location.</param>
    /// <returns>True for the schemes of Flight, and of HTTP.</returns>
    public static bool Matches(string location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return Uri.TryCreate(location, UriKind.Absolute, out Uri? url) && (IsFlight(url) || IsHttp(url));
    }

    /// <summary>Opens the blocks of a server. Nothing is sent until the first call. A server on this machine is read in
    /// its shared memory.</summary>
    /// <param name="location"><c>grpc://HOST:PORT</c>, <c>grpcs://HOST:PORT</c> (with TLS) or <c>grpc+unix:///PATH</c>
    /// for Flight, <c>http://</c> or <c>https://</c> for HTTP; with <c>?token-file=FILE</c> for what needs a token,
    /// such as puts. HTTP without a token is a gateway of IPFS.</param>
    /// <returns>The blocks; every one that is read is hashed.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the location breaks this form;
    /// <see cref="ErrorCode.Io"/> or <see cref="ErrorCode.AccessDenied"/>: the file of the token cannot be
    /// read.</exception>
    public static BlockBackend Open(string location)
    {
        ArgumentException.ThrowIfNullOrEmpty(location);
        if (!Uri.TryCreate(location, UriKind.Absolute, out Uri? url) || !(IsFlight(url) || IsHttp(url)))
            throw Refused("it is no URL of a server; grpc, grpcs, grpc+unix, http and https are known");
        // The message does not repeat what may be a secret.
        if (url.UserInfo.Length > 0) throw Refused("the URL holds credentials; give ?token-file=FILE");
        string? token = TokenOf(url.Query);
        var plain = new Uri(url.GetLeftPart(UriPartial.Path));
        if (IsHttp(url)) return token is null ? BlockBackend.Gateway(plain) : new HttpServerBackend(plain, token);
        return new FlightBackend(plain.ToString().TrimEnd('/'),
            new CidClient(plain, new CidClientOptions { Token = token }), hasToken: token is not null);
    }

    internal static bool IsFlight(Uri url) => url.Scheme is "grpc" or "grpcs" or "grpc+tls" or "grpc+unix";

    private static bool IsHttp(Uri url) => url.Scheme is "http" or "https";

    internal static string? TokenOf(string query)
    {
        string? file = null;
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!pair.StartsWith($"{TokenFile}=", StringComparison.Ordinal))
                throw Refused($"the URL takes ?{TokenFile}=FILE and nothing else");
            file = Uri.UnescapeDataString(pair[(TokenFile.Length + 1)..]);
        }

        if (file is null) return null;
        try
        {
            string token = File.ReadAllText(file).Trim();
            return token.Length > 0 ? token : throw Refused($"{file} holds no token");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArrowCidException(IoFault.CodeOf(e), $"the token file {file} cannot be read: {e.Message}", e);
        }
    }

    internal static ArrowCidException Refused(string why) => new(ErrorCode.InvalidArgument, $"server: {why}");
}
