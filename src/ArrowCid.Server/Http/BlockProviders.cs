using System.Net;
using System.Text;
using ArrowCid.Server.Access;

namespace ArrowCid.Server.Http;

/// <summary>The providers of a block beside this server: the places that are recorded to have a copy, and the locations
/// that its metadata names. Only those that the caller can reach: no directories, no buckets, and addresses of this
/// machine for callers of this machine alone.</summary>
internal static class BlockProviders
{
    // What clients take of one answer.
    private const int Most = 20;

    /// <summary>Lists the providers of a block, each address once, the cheapest place first.</summary>
    /// <param name="store">The store.</param>
    /// <param name="cid">The block.</param>
    /// <param name="isLocal">Whether the caller is on this machine.</param>
    public static IReadOnlyList<RoutingProvider> Of(CidStore store, Cid cid, bool isLocal)
    {
        if (!cid.Hash.IsSha256 || store.Metadata.Get(cid.ToV1()) is not { } entry) return [];
        if (entry.Copies.Count == 0 && entry.Locations.Count == 0) return [];
        HashSet<string> copies = [.. entry.Copies.Select(copy => copy.Place)];
        IEnumerable<string> places = copies.Count == 0 ? [] : store.Places.List()
            .Where(place => copies.Contains(place.Name)).OrderBy(place => place.Cost)
            .ThenBy(place => place.Name, StringComparer.Ordinal).Select(place => place.Location);
        return
        [
            .. places.Concat(entry.Locations).Select(Read).OfType<RoutingProvider>()
                .Where(provider => isLocal || !IsOfThisMachine(provider.Address))
                .DistinctBy(provider => provider.Address).Take(Most),
        ];
    }

    /// <summary>The name of a peer that has none of its own: a multihash of where it is, as peers' names are.</summary>
    public static string PeerOf(string location) =>
        Cid.Sha256(Multicodec.DagPb, Encoding.UTF8.GetBytes($"arrowcid:{location}")).ToV0().ToString();

    /// <summary>Reads a location; null for one that is no address of a network.</summary>
    private static RoutingProvider? Read(string location)
    {
        try
        {
            return location.StartsWith('/') ? OfMultiaddr(Multiaddr.Parse(location)) : OfUrl(location);
        }
        catch (ArrowCidException)
        {
            // A directory, or a note of a person.
            return null;
        }
    }

    private static RoutingProvider? OfMultiaddr(Multiaddr address)
    {
        string? peer = MultiaddrUrl.PeerOf(address);
        if (MultiaddrUrl.WithoutPeer(address) is not { } reached) return null;
        address = reached;
        if (!address.Has("tcp") && !address.Has("udp")) return null;
        bool isHttp = address.Has("http") || address.Has("https");
        // Bitswap is spoken with a peer, whose name must be known.
        if (!isHttp && peer is null) return null;
        return new RoutingProvider(peer ?? PeerOf(address.ToString()), address,
            isHttp ? RoutingProvider.Gateway : RoutingProvider.Bitswap);
    }

    private static RoutingProvider? OfUrl(string location)
    {
        if (!Uri.TryCreate(location, UriKind.Absolute, out Uri? url) || url.Host.Length == 0) return null;
        switch (url.Scheme)
        {
            case "http" or "https":
                var address = Multiaddr.OfUrl(url);
                return new RoutingProvider(PeerOf(address.ToString()), address, RoutingProvider.Gateway);
            case "grpc" or "grpc+tcp" or "grpc+tls" when url.Port > 0:
                // The host and the port, without what an URL of HTTP has after them.
                bool isSecret = url.Scheme == "grpc+tls";
                Multiaddr http = Multiaddr.OfUrl(new UriBuilder("http", url.Host, url.Port).Uri);
                var flight = Multiaddr.OfParts([.. http.Parts.Take(2),
                    .. isSecret ? [new MultiaddrPart(MultiaddrProtocol.Tls)] : Array.Empty<MultiaddrPart>()]);
                return new RoutingProvider(PeerOf(flight.ToString()), flight, RoutingProvider.Flight);
            default: return null;
        }
    }

    private static bool IsOfThisMachine(Multiaddr address)
    {
        MultiaddrPart first = address.Parts[0];
        return first.Value.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || first.Value.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(first.Value, out IPAddress? ip)
                && (CallerConnection.IsLoopback(ip) || ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
    }
}
