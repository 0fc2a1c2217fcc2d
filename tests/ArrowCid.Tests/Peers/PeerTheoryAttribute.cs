namespace ArrowCid.Tests.Peers;

/// <summary>A theory that needs a peer; see <see cref="PeerFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PeerTheoryAttribute : TheoryAttribute
{
    public PeerTheoryAttribute(params Peer[] peers)
    {
        Peers = peers;
        Skip = PeerProcess.WhySkip(peers);
    }

    /// <summary>The peers that the test talks to.</summary>
    public IReadOnlyList<Peer> Peers { get; }
}
