using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>That <c>bench export</c> runs whole; figures are for people.</summary>
public class BenchExportTests
{
    [Fact]
    public void Every_figure_is_there_and_without_its_peer_says_so()
    {
        CommandResult result = Command.Run("bench", "export", "--quick", "--json").Exits(0);
        bool hasPeer = !result.Errors.Contains("PEER MISSING: pyarrow", StringComparison.Ordinal);
        JsonElement[] lines = result.Json;
        foreach (string table in new[] { "flights", "wide", "strings", "nested" })
        {
            foreach (string codec in new[] { "snappy", "zstd" })
            {
                string[] figures = hasPeer ? ["write", "read ours", "read pyarrow's", "size"] : ["write", "read ours", "size"];
                foreach (string figure in figures) Has($"Parquet of {table}, {codec}: {figure}", hasPeer);
            }
        }

        foreach (string layout in new[] { "unixfs", "flat", "columns" })
        {
            Has($"CAR of 4 batches, {layout}: export", isAgainst: true);
            Has($"CAR of 4 batches, {layout}: import", isAgainst: true);
        }

        void Has(string name, bool isAgainst)
        {
            JsonElement line = Assert.Single(lines, line => line.GetProperty("name").GetString() == name);
            Assert.True(line.GetProperty("ours").GetDouble() > 0, line.ToString());
            if (isAgainst) Assert.True(line.GetProperty("ratio").GetDouble() > 0, line.ToString());
            else Assert.Equal("no peer", line.GetProperty("verdict").GetString());
        }
    }

    [Fact]
    public void Only_what_is_named_is_measured() => Assert.All(
        Command.Run("bench", "export", "--quick", "--json", "--only", "car").Exits(0).Json,
        line => Assert.StartsWith("CAR of ", line.GetProperty("name").GetString(), StringComparison.Ordinal));
}
