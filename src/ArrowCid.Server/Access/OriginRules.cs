using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace ArrowCid.Server.Access;

/// <summary>
/// Protection against requests that a foreign web page makes a browser send to a server of this machine. The
/// <c>Host</c> header must be an expected one (against names that are rebound to 127.0.0.1), and an <c>Origin</c> must
/// be listed.
/// </summary>
/// <param name="hosts">Names by which the server is called beside its addresses and <c>localhost</c>.</param>
/// <param name="origins">Origins that may call <c>/v1</c>, such as <c>https://app.example</c>.</param>
internal sealed class OriginRules(IEnumerable<string> hosts, IEnumerable<string> origins)
{
    private readonly HashSet<string> _hosts = new(hosts, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _origins = new(origins, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a host, without its port, is this server: <c>localhost</c>, an address, or a name that was
    /// given. An address cannot be turned to another one.</summary>
    public bool IsHost(string host) => host.Length > 0 && (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out _) || _hosts.Contains(host));

    /// <summary>Whether a <c>Host</c> header is this server. A port must be one, but may be that of a proxy.</summary>
    public bool IsHost(HostString host) => IsHost(host.Host) && IsPort(host.Value.AsSpan(host.Host.Length));

    private static bool IsPort(ReadOnlySpan<char> rest) =>
        rest.IsEmpty
        || (rest[0] == ':' && ushort.TryParse(rest[1..], NumberStyles.None, CultureInfo.InvariantCulture, out _));

    /// <summary>Whether pages of an origin may call <c>/v1</c>.</summary>
    public bool IsOrigin(string origin) => _origins.Contains(origin);
}
