using System.ComponentModel;
using System.Diagnostics;
using ArrowCid.Tests.House;

namespace ArrowCid.Tests.Peers;

/// <summary>Starts the peers' programs on scripts of this tree.</summary>
internal static class PeerProcess
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(10);

    private static readonly Lazy<bool> s_hasPyArrow =
        new(() => Answers(() => Python(["-c", "import pyarrow, numpy"])));

    private static readonly Lazy<bool> s_hasApacheArrowJs =
        new(() => HasPackage("apache-arrow") && Answers(() => Node(["--version"])));

    private static readonly Lazy<bool> s_hasIpldJs = new(() => HasPackage("@ipld/dag-cbor") && HasPackage("@ipld/dag-pb")
        && HasPackage("multiformats") && Answers(() => Node(["--version"])));

    private static readonly Lazy<bool> s_hasParquetJs = new(() => HasPackage("parquet-wasm") && HasPackage("hyparquet")
        && HasPackage("hyparquet-compressors") && HasPackage("@duckdb/node-api")
        && Answers(() => Node(["--version"])));
    private static readonly Lazy<bool> s_hasCarJs = new(() => s_hasIpldJs.Value && HasPackage("@ipld/car")
        && HasPackage("ipfs-unixfs-exporter") && HasPackage("ipfs-unixfs-importer"));

    private static readonly Lazy<bool> s_hasMoto =
        new(() => Answers(() => Run("/bin/sh", [Repository.PathOf("interop/peers/s3"), "--has"])));
    private static readonly Lazy<bool> s_hasPieceJs = new(() => HasPackage("@web3-storage/data-segment")
        && HasPackage("fr32-sha2-256-trunc254-padded-binary-tree-multihash") && Answers(() => Node(["--version"])));

    private static readonly Lazy<bool> s_hasPythonCryptography =
        new(() => Answers(() => Program("python3", "-c", "import cryptography")));
    private static readonly Lazy<bool> s_hasOpenSsl = new(() => Answers(() => Program("openssl", "version")));
    private static readonly Lazy<bool> s_hasNode = new(() => Answers(() => Node(["--version"])));

    /// <summary>Where interop/peers/setup puts the peers.</summary>
    public static string Folder =>
        Environment.GetEnvironmentVariable("ARROWCID_PEERS") is { Length: > 0 } set ? set : "/var/tmp/arrowcid-peers";

    /// <summary>Whether a missing peer fails its tests.</summary>
    public static bool AreRequired => Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";

    /// <summary>Whether a peer can be started.</summary>
    public static bool IsHere(Peer peer) => peer switch
    {
        Peer.PyArrow => s_hasPyArrow.Value,
        Peer.ApacheArrowJs => s_hasApacheArrowJs.Value,
        Peer.IpldJs => s_hasIpldJs.Value,
        Peer.ParquetJs => s_hasParquetJs.Value,
        Peer.CarJs => s_hasCarJs.Value,
        Peer.Moto => s_hasMoto.Value,
        Peer.MultiaddrJs => s_hasIpldJs.Value && HasPackage("@multiformats/multiaddr"),
        Peer.PieceJs => s_hasPieceJs.Value,
        Peer.PythonCryptography => s_hasPythonCryptography.Value,
        Peer.OpenSsl => s_hasOpenSsl.Value,
        Peer.NodeCrypto => s_hasNode.Value,
        Peer.Postgres => Pools.PostgresServer.Programs is not null,
        Peer.WakuSds => s_hasNode.Value && Directory.Exists(Path.Combine(Folder, "sds", "node_modules", "@waku", "sds")),
        _ => throw new ArgumentOutOfRangeException(nameof(peer), peer, "no such peer"),
    };

    /// <summary>The reason to skip a test of these peers, or null where it runs.</summary>
    public static string? WhySkip(params Peer[] peers)
    {
        if (AreRequired)
        {
            return null;
        }
        string missing = string.Join(", ", peers.Where(p => !IsHere(p)));
        return missing.Length == 0 ? null : $"PEER MISSING: {missing}. Run interop/peers/setup, then this test again.";
    }

    /// <summary>Runs the peers' Python; the first argument is a script or an option.</summary>
    public static PeerResult Python(params string[] arguments) =>
        Run("/bin/sh", [Repository.PathOf("interop/peers/python"), .. arguments]);

    /// <summary>Runs Node.js; the first argument is a script or an option.</summary>
    public static PeerResult Node(params string[] arguments) => Run("node", arguments);

    /// <summary>Runs a program of this machine.</summary>
    public static PeerResult Program(string program, params string[] arguments) => Run(program, arguments);

    private static bool HasPackage(string name) => Directory.Exists(Path.Combine(Folder, "node", "node_modules", name));

    private static bool Answers(Func<PeerResult> call)
    {
        try
        {
            return call().ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // the program is not on this machine
        }
    }

    private static PeerResult Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        string command = string.Join(' ', arguments.Prepend(program));
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        bool hasEnded = process.WaitForExit(s_watchdog);
        if (!hasEnded)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        var result = new PeerResult(command, process.ExitCode, output.Result, errors.Result);
        return hasEnded
            ? result
            : throw new TimeoutException($"killed after {s_watchdog.TotalMinutes} minutes: {result}");
    }
}
