using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>
/// A theory that needs pyarrow with Flight. Where it is missing it is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
public sealed class FlightPeerTheoryAttribute : TheoryAttribute
{
    public FlightPeerTheoryAttribute() => Skip = FlightPeers.WhySkip();
}

/// <summary>As <see cref="FlightPeerTheoryAttribute"/>, for one case.</summary>
public sealed class FlightPeerFactAttribute : FactAttribute
{
    public FlightPeerFactAttribute() => Skip = FlightPeers.WhySkip();
}

/// <summary>The Python of the peers.</summary>
internal static class FlightPeers
{
    private static readonly Lazy<bool> s_hasFlight = new(() => Python("-c", "import pyarrow.flight").ExitCode == 0);

    public static string PythonPath { get; } = Path.Combine(Command.Root, "interop", "peers", "python");

    public static string Script { get; } = Path.Combine(Command.Root, "interop", "python", "check_flight.py");

    public static CommandResult Python(params string[] arguments) =>
        Command.Program("/bin/sh", [PythonPath, .. arguments]);

    /// <summary>Runs a check of <c>check_flight.py</c> against a server.</summary>
    public static CommandResult Check(ServedStore served, string check, params string[] arguments) =>
        Python([Script, check, served.Flight, served.Token, .. arguments]);

    public static string? WhySkip()
    {
        bool areRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        return areRequired || s_hasFlight.Value
            ? null
            : "PEER MISSING: pyarrow.flight. Run interop/peers/setup, then this test again.";
    }
}
