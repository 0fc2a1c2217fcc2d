using System.Text.Json;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>That the benchmark <c>memo</c> runs whole, and says what is missing; figures are for people.</summary>
public class BenchMemoTests
{
    [CLibraryFact(Programs.PyArrow)]
    public void Every_figure_is_there_or_says_which_peer_is_missing()
    {
        CommandResult result = Command.Bench("memo", "--quick", "--json").Exits(0);
        JsonElement[] lines = result.Json;
        foreach (string name in new[]
        {
            "hit, 1 KiB, against diskcache", "hit, 1 KiB, against joblib", "hit, 1 KiB, against joblib, mmap",
            "hit, 4 MiB, against diskcache", "hit, 4 MiB, against joblib", "hit, 4 MiB, against joblib, mmap",
            "touch, 200 entries, from Python", "list by a tag, 200 entries, from Python",
            "delete by a tag, 200 entries, from Python",
            "from kill -9 of the one that computes to the next computation",
        })
        {
            JsonElement line = Assert.Single(lines, each => Text(each, "name") == name);
            Assert.True(line.GetProperty("ours").GetDouble() > 0, line.ToString());
            if (Text(line, "peerName").Length > 0 && line.GetProperty("peer").ValueKind == JsonValueKind.Null)
                Assert.StartsWith("PEER MISSING: ", Text(line, "note"), StringComparison.Ordinal);
        }

        Assert.Equal(1, Ours("executions of 8 processes that miss one key"));
        Assert.Equal(0, Ours("executions in Python of a call that C# computed"));

        double Ours(string name) => Assert.Single(lines, each => Text(each, "name") == name).GetProperty("ours").GetDouble();

        static string Text(JsonElement line, string key) => line.GetProperty(key).GetString() ?? "";
    }
}
