namespace ArrowCid.Tests.Peers;

/// <summary>
/// A fact that needs a peer. Where the peer is missing the test is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PeerFactAttribute : FactAttribute
{
    public PeerFactAttribute(params Peer[] peers)
    {
        Peers = peers;
        Skip = PeerProcess.WhySkip(peers);
    }

    /// <summary>The peers that the test talks to.</summary>
    public IReadOnlyList<Peer> Peers { get; }
}
