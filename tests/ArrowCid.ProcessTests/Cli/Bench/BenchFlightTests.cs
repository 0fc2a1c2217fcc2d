using System.Text.Json;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>That the benchmark <c>flight</c> runs whole, and without its peer says so; figures are for people.</summary>
public class BenchFlightTests
{
    private static readonly string[] s_against =
    [
        "DoGet, 64 MiB", "DoGet, 64 MiB: server's CPU", "DoGet, 1 MiB", "DoGet, 256 B", "GetFlightInfo, p50",
        "GetFlightInfo, p99", "DoPut, 64 MiB", "DoPut, 1 MiB", "DoGet over a Unix socket, 64 MiB",
        "DoGet over a Unix socket, 1 MiB", "DoGet over TLS, 64 MiB", "DoGet over TLS, 1 MiB",
        "DoGet, 1 MiB, 8 clients at once", "get on the server's machine, 1 MiB", "get on the server's machine, 64 MiB",
    ];

    private static readonly string[] s_alone =
    [
        "DoGet, 256 B, a raw reader", "from put to watcher, p50", "from put to watcher, p99",
        "from put to one of 20 watchers, p99",
    ];

    private static readonly string[] s_memory =
        ["idle connection, memory", "idle watcher, memory", "stalled reader, memory"];

    [FlightPeerFact]
    public void Every_figure_is_there()
    {
        CommandResult result = Command.Bench("flight", "--quick", "--json").Exits(0);
        JsonElement[] lines = result.Json;
        foreach (string name in s_against) Assert.True(Line(name).GetProperty("ratio").GetDouble() > 0, name);
        foreach (string name in s_alone) Assert.True(Line(name).GetProperty("ours").GetDouble() > 0, name);
        // What a process needs more may be nothing, or less than it gave back meanwhile.
        foreach (string name in s_memory) Assert.Equal(JsonValueKind.Number, Line(name).GetProperty("ours").ValueKind);
        Assert.Contains("noise ", result.Errors, StringComparison.Ordinal);
        // What others measure at the moment is theirs.
        Assert.DoesNotContain(Directory.EnumerateDirectories("/dev/shm", "arrowcid-bench-*"),
            name => !IsAlive(name.Split('-')[2]));

        JsonElement Line(string name) => Assert.Single(lines, line => line.GetProperty("name").GetString() == name);

        static bool IsAlive(string process) => Directory.Exists($"/proc/{process}");
    }

    [Fact]
    public void Without_pyarrow_it_measures_what_is_ours_and_says_what_is_missing()
    {
        using var folder = new TemporaryFolder();
        string line = $"ARROWCID_PEERS={folder.Name} \"$@\" flight --quick --json --only get --only memory";
        CommandResult result = Command.BenchShell(line).Exits(0);
        bool isMissing = result.Errors.Contains("PEER MISSING: pyarrow with Flight", StringComparison.Ordinal);
        Assert.Equal(isMissing, result.Json.Any(each => each.GetProperty("peer").ValueKind == JsonValueKind.Null
            && each.GetProperty("note").GetString()!.StartsWith("PEER MISSING", StringComparison.Ordinal)));
        Assert.Contains(result.Json, each => each.GetProperty("name").GetString() == "idle watcher, memory"
            && each.GetProperty("ours").ValueKind == JsonValueKind.Number);
    }
}
