namespace ArrowCid.Server.Http;

/// <summary>A provider of a block, as delegated routing names it.</summary>
/// <param name="Peer">The name of the peer: a multihash.</param>
/// <param name="Address">The address, without the peer.</param>
/// <param name="Protocol">The transfer protocol.</param>
internal sealed record RoutingProvider(string Peer, Multiaddr Address, string Protocol)
{
    /// <summary>The trustless gateway, which <c>arrowcid serve</c> is too.</summary>
    public const string Gateway = "transport-ipfs-gateway-http";

    /// <summary>Bitswap, which other IPFS nodes speak.</summary>
    public const string Bitswap = "transport-bitswap";

    /// <summary>Arrow Flight, which is not in the table of multicodecs.</summary>
    public const string Flight = "arrow-flight";
}
