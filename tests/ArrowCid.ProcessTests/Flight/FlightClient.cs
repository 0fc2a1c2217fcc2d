using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>The check programs of the clients in other languages. They take the same arguments and say the same
/// lines.</summary>
internal static class FlightClient
{
    private static readonly Lazy<string> s_rust = new(BuildRust), s_node = new(InstallNode);

    /// <summary>The folder in which the client for Node.js is installed: a script in it imports
    /// <c>arrowcid-flight</c>.</summary>
    public static string NodeFolder => Path.GetFullPath(Path.Combine(s_node.Value, "..", ".."));

    public static CommandResult Run(string language, params string[] arguments)
    {
        string[] command = CommandOf(language);
        return Command.Program(command[0], [.. command[1..], .. arguments]).Exits(0);
    }

    /// <summary>Runs a program that may load libarrowcid.</summary>
    public static CommandResult RunWith(string library, string language, params string[] arguments) =>
        Command.Program("env", [$"ARROWCID_LIBRARY={library}", .. CommandOf(language), .. arguments]).Exits(0);

    /// <summary>Puts the package <c>arrowcid</c> of an installation beside the client for Node.js.</summary>
    public static void AddNodePackage(string installation)
    {
        string modules = Path.GetDirectoryName(s_node.Value)!, from = Path.Combine(installation, "node_modules");
        if (Directory.Exists(Path.Combine(modules, "arrowcid"))) return;
        // With what it needs, unless the client has it.
        foreach (string package in Directory.GetDirectories(from))
        {
            string to = Path.Combine(modules, Path.GetFileName(package));
            if (!Directory.Exists(to)) _ = Command.Program("cp", ["-r", package, to]).Exits(0);
        }
    }

    /// <summary>Runs the sample.</summary>
    public static CommandResult Sample(string language, params string[] arguments)
    {
        string[] command = language switch
        {
            "python" => ["/bin/sh", FlightPeers.PythonPath, Path.Combine(Command.Root, "samples", "flight", "fetch.py")],
            "node" => ["node", Path.Combine(s_node.Value, "..", "..", "fetch.mjs")],
            _ => [Path.Combine(s_rust.Value, "fetch")],
        };
        return Command.Program(command[0], [.. command[1..], .. arguments]).Exits(0);
    }

    public static Process Start(string language, params string[] arguments)
    {
        string[] command = CommandOf(language);
        return Process.Start(new ProcessStartInfo(command[0], [.. command[1..], .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    /// <summary>The reason to skip, or null.</summary>
    public static string? WhySkip()
    {
        if (FlightPeers.WhySkip() is { } python) return python;
        if (Programs.AreRequired) return null;
        if (Programs.WhySkip("node", "cargo") is { } missing) return missing;
        bool isHere = File.Exists(Path.Combine(Programs.Peers, "rust-crates", ".complete"))
            && Programs.HasPackage("@grpc/grpc-js");
        return isHere ? null : "PEER MISSING: @grpc/grpc-js or tonic. Run interop/peers/setup, then this test again.";
    }

    private static string[] CommandOf(string language) => language switch
    {
        "python" => ["/bin/sh", FlightPeers.PythonPath, PathOf("python/check_flight_client.py")],
        "node" => ["node", Path.Combine(s_node.Value, "check.mjs")],
        _ => [Path.Combine(s_rust.Value, "check")],
    };

    private static string BuildRust()
    {
        string target = Path.Combine(Command.Root, ".artifacts", "rust");
        string[] crates = Command.Program("/bin/sh", PathOf("peers/crates")).Lines;
        _ = Command.Program("env", [$"CARGO_TARGET_DIR={target}", "cargo", "build", "--quiet", .. crates,
            "--manifest-path", PathOf("rust/flight/Cargo.toml"), "--examples"]).Exits(0);
        return Path.Combine(target, "debug", "examples");
    }

    /// <summary>The package as it is installed: in a folder that knows nothing of this tree, beside what it needs.</summary>
    private static string InstallNode()
    {
        string folder = Directory.CreateTempSubdirectory("arrowcid-flight-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string modules = Directory.CreateDirectory(Path.Combine(folder, "node_modules")).FullName;
        foreach (string peer in Directory.GetDirectories(Path.Combine(Programs.Peers, "node", "node_modules")))
            Directory.CreateSymbolicLink(Path.Combine(modules, Path.GetFileName(peer)), peer);
        string package = Directory.CreateDirectory(Path.Combine(modules, "arrowcid-flight")).FullName;
        foreach (string file in Directory.GetFiles(PathOf("node/flight")).Append(Path.Combine(Command.Root, "proto", "Flight.proto")))
            File.Copy(file, Path.Combine(package, Path.GetFileName(file)));
        File.Copy(Path.Combine(Command.Root, "samples", "flight", "fetch.mjs"), Path.Combine(folder, "fetch.mjs"));
        return package;
    }

    private static string PathOf(string file) => Path.Combine(Command.Root, "interop", file);
}

/// <summary>
/// A theory over the clients in other languages. Where one's libraries are missing it is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
public sealed class FlightClientTheoryAttribute : TheoryAttribute
{
    public FlightClientTheoryAttribute() => Skip = FlightClient.WhySkip();
}
