using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ArrowCid;

/// <summary>What a multiaddr is to clients of HTTP: its peer, and its URL.</summary>
internal static class MultiaddrUrl
{
    /// <summary>The name of the peer at its end; null where it names none.</summary>
    public static string? PeerOf(Multiaddr address) =>
        address.Parts[^1] is { Protocol.Name: "p2p", Value: var peer } ? peer : null;

    /// <summary>The address without the peer at its end; null where nothing else is left.</summary>
    public static Multiaddr? WithoutPeer(Multiaddr address) =>
        PeerOf(address) is null ? address
        : address.Parts.Length == 1 ? null : Multiaddr.OfParts(address.Parts[..^1]);

    /// <summary>The URL of the server of HTTP at an address: of <c>/ip4/127.0.0.1/tcp/8816/http</c> it is
    /// <c>http://127.0.0.1:8816/</c>. Null for an address of another protocol.</summary>
    public static Uri? Of(Multiaddr address)
    {
        string? host = null;
        int? port = null;
        bool isSecret = false, isHttp = false;
        string path = "";
        foreach ((MultiaddrProtocol protocol, string value) in address.Parts)
        {
            switch (protocol.Name)
            {
                case "ip4" or "ip6" or "dns" or "dns4" or "dns6" when host is null: host = value; break;
                case "tcp" when port is null: port = int.Parse(value, CultureInfo.InvariantCulture); break;
                case "tls" when !isHttp: isSecret = true; break;
                case "http" when !isHttp: isHttp = true; break;
                case "https" when !isHttp: (isHttp, isSecret) = (true, true); break;
                case "http-path" when isHttp: path = value; break;
                case "p2p" when isHttp: break;
                default: return null;
            }
        }

        if (host is null || port is null || !isHttp) return null;
        bool isIp6 = IPAddress.TryParse(host, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6;
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{(isSecret ? "https" : "http")}://{(isIp6 ? $"[{host}]" : host)}:{port}/{path.TrimStart('/')}");
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.UserInfo.Length == 0 ? url : null;
    }
}
