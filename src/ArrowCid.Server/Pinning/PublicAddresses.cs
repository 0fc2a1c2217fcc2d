using System.Net;
using System.Net.Sockets;

namespace ArrowCid.Server.Pinning;

/// <summary>
/// Connects to addresses of the public Internet alone. Which address a name has is judged when it is connected to, so
/// that neither a redirect nor a second answer of DNS leads elsewhere.
/// </summary>
internal static class PublicAddresses
{
    // Not global, by the registries of IANA for special-purpose addresses. Those that carry an address of IPv4 inside
    // are judged by that where they are routed, and refused where they are not used any more.
    private static readonly IPNetwork[] s_special =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
            "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ]).Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork s_translated = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Makes a handler of HTTP that refuses other addresses. It uses no proxy, which would connect
    /// instead.</summary>
    public static SocketsHttpHandler NewHandler() => new() { ConnectCallback = Connect, UseProxy = false };

    /// <summary>Whether an address is one of the public Internet.</summary>
    public static bool Contain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (s_translated.Contains(address)) address = new IPAddress(address.GetAddressBytes().AsSpan(12));
        return !Array.Exists(s_special, network => network.Contains(address));
    }

    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        string host = context.DnsEndPoint.Host;
        IPAddress[] found = await Dns.GetHostAddressesAsync(host, cancel).ConfigureAwait(false);
        IPAddress[] allowed = Array.FindAll(found, Contain);
        if (found.Length > 0 && allowed.Length == 0)
        {
            throw new ArrowCidException(ErrorCode.AccessDenied,
                $"{host} is an address of this machine or of a private network, which requests may not name");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
