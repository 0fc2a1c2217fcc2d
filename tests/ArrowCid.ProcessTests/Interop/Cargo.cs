using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The crate in <c>interop/rust</c> and what is built on it, by cargo.</summary>
internal static class Cargo
{
    private static readonly Lazy<string> s_exchange = new(BuildExchange);

    /// <summary>Where cargo puts what it builds.</summary>
    public static string Target { get; } = Path.Combine(Command.Root, ".artifacts", "rust");

    /// <summary>The program that puts and reads in Rust.</summary>
    public static string Exchange => s_exchange.Value;

    /// <summary>Runs cargo on a package of this tree. The collector's youngest generation is as large as on a processor with
    /// 16 MiB of cache: else it follows the machine's cache, and a test of leaks would count it.</summary>
    public static CommandResult Run(string verb, string package, params string[] arguments) => CLibrary.Run("env",
    [
        $"CARGO_TARGET_DIR={Target}", $"ARROWCID_LIBRARY={CLibrary.File}", "DOTNET_GCgen0size=1000000", "cargo", verb, "--quiet", "--offline",
        "--manifest-path", Path.Combine(Command.Root, package, "Cargo.toml"), .. arguments,
    ]);

    private static string BuildExchange()
    {
        _ = Run("build", "interop/rust", "--example", "exchange").Exits(0);
        return Path.Combine(Target, "debug", "examples", "exchange");
    }
}
