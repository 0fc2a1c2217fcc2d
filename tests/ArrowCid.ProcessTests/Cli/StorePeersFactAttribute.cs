using System.Diagnostics;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>
/// A test that needs the peers of the benchmark <c>store</c>. Where they are missing it is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
public sealed class StorePeersFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_areHere = new(AreHere);

    public StorePeersFactAttribute()
    {
        bool areRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        if (!areRequired && !s_areHere.Value)
            Skip = "PEER MISSING: Redis, LMDB, SQLite. Run interop/peers/setup, then this test again.";
    }

    private static bool AreHere()
    {
        string runner = Path.Combine(Command.Root, "interop", "peers", "run");
        using Process process = Process.Start(new ProcessStartInfo("sh", [runner, "--has"]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
