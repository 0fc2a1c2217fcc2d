namespace ArrowCid.ProcessTests.Cli;

/// <summary>
/// A test that needs pyarrow and DuckDB. Where one is missing it is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
public sealed class TablePeersFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_areHere = new(() => Python("-c",
        "import pyarrow.parquet, sys; sys.path.append('interop/python'); import duckdb_peer; assert duckdb_peer.library()")
        .ExitCode == 0);

    public TablePeersFactAttribute()
    {
        bool areRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        if (!areRequired && !s_areHere.Value)
            Skip = "PEER MISSING: pyarrow, DuckDB. Run interop/peers/setup, then this test again.";
    }

    /// <summary>Runs the peers' Python in the checkout.</summary>
    internal static CommandResult Python(params string[] arguments) => Command.Program("/bin/sh",
        ["-c", "cd \"$0\" && exec sh interop/peers/python \"$@\"", Command.Root, .. arguments]);
}
