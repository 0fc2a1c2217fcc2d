using System.Collections.Frozen;

namespace ArrowCid;

/// <summary>A protocol of multiaddrs.</summary>
/// <param name="Code">Its code in multiaddr's table.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Size">The bytes of its value; 0 for none, <see cref="Variable"/> where their number stands before
/// them.</param>
internal sealed record MultiaddrProtocol(ulong Code, string Name, int Size)
{
    public const int Variable = -1;

    public static readonly MultiaddrProtocol Ip4 = new(4, "ip4", 4), Tcp = new(6, "tcp", 2), Ip6 = new(41, "ip6", 16),
        Dns = new(53, "dns", Variable), Dns4 = new(54, "dns4", Variable), Dns6 = new(55, "dns6", Variable),
        Udp = new(273, "udp", 2), Unix = new(400, "unix", Variable), P2p = new(421, "p2p", Variable),
        Https = new(443, "https", 0), Tls = new(448, "tls", 0), Http = new(480, "http", 0),
        HttpPath = new(481, "http-path", Variable);

    private static readonly MultiaddrProtocol[] s_all =
        [Ip4, Tcp, Ip6, Dns, Dns4, Dns6, Udp, Unix, P2p, Https, Tls, Http, HttpPath];

    private static readonly FrozenDictionary<ulong, MultiaddrProtocol> s_byCode =
        s_all.ToFrozenDictionary(each => each.Code);

    private static readonly FrozenDictionary<string, MultiaddrProtocol> s_byName =
        s_all.ToFrozenDictionary(each => each.Name, StringComparer.Ordinal);

    /// <summary>The protocol of a code; null for one that is not known here.</summary>
    public static MultiaddrProtocol? Of(ulong code) => s_byCode.GetValueOrDefault(code);

    /// <summary>The protocol of a name; null for one that is not known here.</summary>
    public static MultiaddrProtocol? Of(string name) =>
        // The name that peers had before.
        name == "ipfs" ? P2p : s_byName.GetValueOrDefault(name);
}
