using System.Text.Json;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>That the benchmark <c>ipc</c> runs whole, and says what is missing; figures are for people.</summary>
public class BenchIpcTests
{
    private static readonly string[] s_names =
    [
        "get to C Data, 1 MiB", "get to a pyarrow batch, 1 MiB", "get, 1 MiB, against pyarrow Flight",
        "get, 1 MiB, against shared_memory", "get, 1 MiB, against memory_map", "get, 1 MiB, against Redis",
        "get, 1 MiB, against LMDB", "get, 1 MiB, against a Unix socket", "get, 1 MiB, against mapped IPC bytes",
        "get, 1 KiB", "get, 1 MiB", "get, 16 MiB", "get, slowest by fastest size",
        "put of a pyarrow batch, 1 MiB", "1 MiB batches to 8 consumers, against Redis",
        "1 MiB batches to 8 consumers, against a socket",
    ];

    [CLibraryFact(Programs.PyArrow)]
    public void Every_figure_is_there_or_says_which_peer_is_missing()
    {
        bool areRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        CommandResult result = Command.Bench("ipc", "--quick", "--json").Exits(0);
        JsonElement[] lines = result.Json;
        foreach (string name in s_names) Assert.Contains(lines, line => Text(line, "name") == name);
        foreach (JsonElement line in lines)
        {
            Assert.True(line.GetProperty("ours").GetDouble() > 0, line.ToString());
            if (Text(line, "peerName").Length == 0) continue;
            if (line.GetProperty("peer").ValueKind == JsonValueKind.Null)
            {
                Assert.StartsWith("PEER MISSING: ", Text(line, "note"), StringComparison.Ordinal);
                Assert.False(areRequired && Text(line, "peerName") != "LMDB", line.ToString());
                continue;
            }

            Assert.True(line.GetProperty("peer").GetDouble() > 0, line.ToString());
            Assert.True(line.GetProperty("ratio").GetDouble() > 0, line.ToString());
        }

        Assert.Contains("noise ", result.Errors, StringComparison.Ordinal);
    }

    [CLibraryFact(Programs.PyArrow)]
    public void A_missing_peer_is_said_on_its_line_and_the_rest_goes_on()
    {
        using var folder = new TemporaryFolder();
        // The Python that has pyarrow, and nothing else.
        string peers = Environment.GetEnvironmentVariable("ARROWCID_PEERS") ?? "/var/tmp/arrowcid-peers";
        string tree = Path.Combine(peers, "sid");
        if (Directory.Exists(tree)) Directory.CreateSymbolicLink(folder.PathOf("sid"), tree);
        string line = $"ARROWCID_PEERS={folder.Name} \"$@\" ipc --quick --json --only consumers";
        JsonElement[] lines = Command.BenchShell(line).Exits(0).Json;
        Assert.Equal(2, lines.Length);
        Assert.Equal("PEER MISSING: no Redis; run interop/peers/setup", Text(lines[0], "note"));
        Assert.Equal("no peer", Text(lines[0], "verdict"));
        Assert.All(lines, each => Assert.True(each.GetProperty("ours").GetDouble() > 0, each.ToString()));
        Assert.True(lines[1].GetProperty("peer").GetDouble() > 0, lines[1].ToString());
    }

    [Fact]
    public void Without_libarrowcid_it_says_how_to_build_it()
    {
        CommandResult result =
            Command.BenchShell("ARROWCID_LIBRARY=/nowhere/libarrowcid.so \"$@\" ipc --quick").Exits(3);
        Assert.Empty(result.Bytes);
        Assert.Contains("interop/build", result.Errors, StringComparison.Ordinal);
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;
}
