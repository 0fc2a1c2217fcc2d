using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>That the benchmark <c>export</c> runs whole; figures are for people.</summary>
public class BenchExportTests
{
    [Fact]
    public void Every_figure_is_there_and_without_its_peer_says_so()
    {
        CommandResult result = Command.Bench("export", "--quick", "--json").Exits(0);
        bool hasPeer = !result.Errors.Contains("PEER MISSING: pyarrow", StringComparison.Ordinal);
        JsonElement[] lines = result.Json;
        foreach (string table in new[] { "flights", "wide", "strings", "nested" })
        {
            foreach (string codec in new[] { "snappy", "zstd" })
            {
                string[] figures = hasPeer ? ["write", "read ours", "read pyarrow's", "size"] : ["write", "read ours", "size"];
                foreach (string figure in figures) Has($"Parquet of {table}, {codec}: {figure}", hasPeer);
                foreach (string library in new[] { "ParquetSharp", "Parquet.Net" })
                {
                    HasLibrary($"Parquet of {table}, {codec}: write", library);
                    HasLibrary($"Parquet of {table}, {codec}: read ours", library);
                }
            }
        }

        foreach (string layout in new[] { "unixfs", "flat", "columns" })
        {
            Has($"CAR of 4 batches, {layout}: export", isAgainst: true);
            Has($"CAR of 4 batches, {layout}: import", isAgainst: true);
        }

        void Has(string name, bool isAgainst)
        {
            JsonElement line = Assert.Single(lines, line => line.GetProperty("name").GetString() == name
                && line.GetProperty("peerName").GetString() is not ("ParquetSharp" or "Parquet.Net"));
            Assert.True(line.GetProperty("ours").GetDouble() > 0, line.ToString());
            if (isAgainst) Assert.True(line.GetProperty("ratio").GetDouble() > 0, line.ToString());
            else Assert.Equal("no peer", line.GetProperty("verdict").GetString());
        }

        void HasLibrary(string name, string library)
        {
            JsonElement line = Assert.Single(lines, line => line.GetProperty("name").GetString() == name
                && line.GetProperty("peerName").GetString() == library);
            Assert.True(line.GetProperty("ours").GetDouble() > 0, line.ToString());
            if (line.GetProperty("peer").ValueKind == JsonValueKind.Null)
                Assert.Equal($"{library} cannot do this", line.GetProperty("note").GetString());
            else Assert.True(line.GetProperty("ratio").GetDouble() > 0, line.ToString());
        }
    }

    [Fact]
    public void Only_what_is_named_is_measured() => Assert.All(
        Command.Bench("export", "--quick", "--json", "--only", "car").Exits(0).Json,
        line => Assert.StartsWith("CAR of ", line.GetProperty("name").GetString(), StringComparison.Ordinal));
}
