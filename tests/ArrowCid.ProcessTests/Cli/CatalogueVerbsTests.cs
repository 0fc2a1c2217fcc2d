using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Parquet;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>The registry as a table at the command line: <c>ls</c> and <c>query</c> in every form, and
/// <c>snapshot</c>.</summary>
public class CatalogueVerbsTests
{
    private const int Blocks = 40;

    [Theory]
    [InlineData("ls")]
    [InlineData("ls", "tag.day = \"1\" and rows > 2")]
    [InlineData("ls", "rows > 1000")]
    [InlineData("query", "not pinned")]
    [InlineData("query", "has tag.day", "--absent")]
    [InlineData("query", "kind = batch", "--newest", "--limit", "7")]
    public void A_listing_has_the_same_rows_in_every_form_and_place(params string[] listing)
    {
        using var folder = new TemporaryFolder();
        Fill(folder);
        JsonElement[] json = Run(folder, [.. listing, "--json"]).Json;
        string[] cids = [.. json.Select(each => each.GetProperty("cid").GetString()!)];
        Assert.Equal(listing.Contains("rows > 1000"), cids.Length == 0);
        foreach (string format in (string[])["table", "json", "arrow", "parquet"])
        {
            CommandResult piped = Run(folder, [.. listing, "--format", format]);
            string file = folder.PathOf($"rows.{format}");
            CommandResult written = Run(folder, [.. listing, "--format", format, "-o", file]).Exits(0);
            Assert.Empty(written.Bytes);
            Assert.Equal(piped.Bytes, File.ReadAllBytes(file));
            Assert.Equal(cids, CidsIn(format, piped));
        }

        if (listing.Contains("--limit")) return;
        Assert.Equal($"{cids.Length}\n", Run(folder, [.. listing, "--count"]).Succeeds().Text);
        Assert.Equal(cids.Length, Assert.Single(Run(folder, [.. listing, "--count", "--json"]).Json).GetProperty("count").GetInt32());
        Assert.Equal([], Directory.EnumerateFiles(folder.Name, "*.tmp-*"));
    }

    [Fact]
    public void A_plan_tells_of_all_entries_page_by_page()
    {
        using var folder = new TemporaryFolder();
        using (CidStore store = CidStore.Open(folder.Store))
        {
            var blocks = new ReadOnlyMemory<byte>[9000];
            for (int i = 0; i < blocks.Length; i++) blocks[i] = BitConverter.GetBytes(i);
            _ = store.PutRawMany(blocks, new PutResult[blocks.Length]);
        }

        JsonElement plan = Run(folder, "query", "kind = raw", "--explain", "--json").Json[0];
        Assert.Equal((9000, 9000), (plan.GetProperty("found").GetInt64(), plan.GetProperty("lookedAt").GetInt64()));
        Assert.Equal(5000, Run(folder, "query", "kind = raw", "--explain", "--limit", "5000", "--json").Json[0].GetProperty("found").GetInt64());
        JsonElement batches = Run(folder, "ls", "--explain", "--json").Json[0];
        Assert.Equal((0, 9000), (batches.GetProperty("found").GetInt64(), batches.GetProperty("lookedAt").GetInt64()));
    }

    [Theory]
    [InlineData("ls", "--format", "csv")]
    [InlineData("ls", "--json", "--format", "arrow")]
    [InlineData("ls", "--count", "--format", "parquet")]
    [InlineData("ls", "--count", "-o", "number")]
    [InlineData("query", "pinned", "--explain", "--format", "arrow")]
    public void Forms_that_do_not_go_together_are_refused(params string[] listing)
    {
        using var folder = new TemporaryFolder();
        Assert.Empty(Run(folder, listing).Exits(2).Text);
    }

    [Fact]
    public void A_snapshot_has_one_CID_as_long_as_nothing_changes_and_tells_what_did()
    {
        using var folder = new TemporaryFolder();
        Fill(folder);
        string cid = Run(folder, "snapshot", "kind = batch", "--name", "s/1").Succeeds().Text.Split(' ')[0];
        JsonElement again = Assert.Single(Run(folder, "snapshot", "kind = batch", "--json").Succeeds().Json);
        Assert.Equal((cid, Blocks, false),
            (again.GetProperty("cid").GetString(), again.GetProperty("rows").GetInt32(), again.GetProperty("isNew").GetBoolean()));
        Assert.NotEqual(cid, Run(folder, "snapshot").Succeeds().Text.Split(' ')[0]);
        JsonElement[] rows = Run(folder, "cat", "@s/1", "--format", "json").Succeeds().Json;
        JsonElement[] listed = Run(folder, "ls", $"schema != {again.GetProperty("schemaCid").GetString()}", "--json").Json;
        Assert.Equal(listed.Select(each => each.GetProperty("cid").GetString()), rows.Select(each => each.GetProperty("cid").GetString()));
        Assert.EndsWith($"… {Blocks - 3} more rows\n", Run(folder, "cat", "@s/1", "--head", "3").Succeeds().Text, StringComparison.Ordinal);
        Assert.Equal(["cid", $"{rows[0].GetProperty("cid")}"],
            Run(folder, "cat", "@s/1", "--column", "cid", "--head", "1", "--format", "csv").Succeeds().Lines.Select(line => line.Trim()));

        JsonElement batch = Assert.Single(Run(folder, "info", "--json",
            Run(folder, "ls", $"schema = {again.GetProperty("schemaCid").GetString()}").Lines[0].Split(' ')[0]).Succeeds().Json);
        JsonElement version = Assert.Single(batch.GetProperty("metadata").EnumerateArray());
        Assert.Equal(("arrowcid:catalogue", "1"), (version.GetProperty("key").GetString(), version.GetProperty("value").GetString()));

        string changed = rows[5].GetProperty("cid").GetString()!;
        Run(folder, "tag", changed, "day=another").Succeeds();
        Run(folder, "snapshot", "kind = batch", "--name", "s/2").Succeeds();
        JsonElement[] diff = Run(folder, "diff", "@s/1", "@s/2", "--key", "cid", "--json").Succeeds().Json;
        Assert.Equal(("changed", changed), (diff[0].GetProperty("change").GetString(), diff[0].GetProperty("b").GetProperty("cid").GetString()));
        Assert.Equal(["tags"], diff[0].GetProperty("columns").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal(2, diff.Length);
        Run(folder, "tag", changed, $"day={rows[5].GetProperty("tags")[0][1].GetString()}").Succeeds();
        Assert.Equal(cid, Run(folder, "snapshot", "kind = batch").Succeeds().Text.Split(' ')[0]);
    }

    [TablePeersFact]
    public void Pyarrow_reads_the_rows_of_ls_and_DuckDB_counts_as_ls_does()
    {
        using var folder = new TemporaryFolder();
        Fill(folder);
        string lines = folder.PathOf("ls.jsonl"), arrow = folder.PathOf("ls.arrows"), parquet = folder.PathOf("ls.parquet");
        foreach ((string format, string file) in ((string, string)[])[("json", lines), ("arrow", arrow), ("parquet", parquet)])
            Run(folder, "ls", "--format", format, "-o", file).Succeeds();
        // What DuckDB is asked, and the filters whose counts are its rows.
        (string Sql, string[] Filters)[] questions =
        [
            ("select count(*) from blocks where rows > 2 and tags['day'] = '1'", ["rows > 2 and tag.day = \"1\""]),
            ("select count(*) from blocks where len(names) > 0 and isPinned", ["has name and pinned"]),
            ("select count(*) from blocks where len(parents) = 1 or producer is null", ["has parent or not has producer"]),
            ("select count(*) from blocks where json::JSON->>'$.run' = '3'", ["json.run = 3"]),
            ("select count(*) from blocks where expires > '2026-01-01' and created > '2020-01-01'", ["expires > 2026-01-01"]),
            ("select count(*) from blocks where producer is not null group by producer order by producer",
                ["producer = \"p0\"", "producer = \"p1\"", "producer = \"p2\""]),
            ("select count(*) from blocks group by rows order by rows", ["rows = 1", "rows = 2", "rows = 3", "rows = 4"]),
        ];
        CommandResult asked = TablePeersFactAttribute.Python(["interop/python/check_catalogue.py", lines, arrow, parquet,
            .. questions.Select(each => each.Sql)]).Succeeds();
        string[] counts = [.. questions.Select(each => JsonSerializer.Serialize(
            each.Filters.Select(filter => new[] { Run(folder, "ls", filter, "--count").Text.Trim() })).Replace(",", ", ", StringComparison.Ordinal))];
        Assert.DoesNotContain("[[\"0\"]]", counts);
        Assert.Equal(counts.SelectMany(each => new[] { each, each }), asked.Lines);
    }

    [Theory]
    [InlineData("arrow")]
    [InlineData("parquet")]
    public void A_table_of_a_hundred_thousand_entries_takes_memory_for_a_batch(string format)
    {
        const int count = 100_000, batchesHeld = 10;
        using var folder = new TemporaryFolder();
        using (var store = CidStore.Open(folder.Store, new CidStoreOptions { Capacity = 1L << 30 }))
        {
            foreach (int[] some in Enumerable.Range(0, count).Chunk(4096))
                _ = store.PutMany([.. some.Select(number => RecordBatch.Of(("n", ArrowArray.From<int>(new[] { number }))))]);
            Assert.True(store.Maintenance.Checkpoint());
        }

        string file = folder.PathOf("rows");
        long taken = Command.AnonymousPeak("ls", "rows = 1", "--format", format, "-o", file, "--store", folder.Store);
        RecordBatch[] batches = [.. Batches(format, File.ReadAllBytes(file))];
        Assert.Equal([1 << 16, count - (1 << 16)], batches.Select(batch => batch.Length));
        // What the runtime takes by itself, and a batch some times over: as texts, as it is built, as it is encoded.
        long bytes = CanonicalBlock.Address(batches[0]).ByteLength, most = (96L << 20) + (batchesHeld * bytes);
        Assert.True(taken <= most, $"{taken >> 20} MiB for batches of {bytes >> 20} MiB; {most >> 20} MiB at most");
    }

    private static IEnumerable<string> CidsIn(string format, CommandResult result) => format switch
    {
        "table" => result.Lines.Select(line => line.Split(' ')[0]),
        "json" => result.Json.Select(each => each.GetProperty("cid").GetString()!),
        _ => Batches(format, result.Bytes).SelectMany(batch => Enumerable.Range(0, batch.Length)
            .Select(row => batch.Column("cid").GetString(row)!)),
    };

    private static IEnumerable<RecordBatch> Batches(string format, byte[] bytes)
    {
        if (format == "arrow")
        {
            using var arrow = ArrowReader.Open(new MemoryStream(bytes));
            Assert.Equal(StoreMetadata.CatalogSchemaView, arrow.SchemaView);
            while (arrow.ReadView() is { } batch) yield return batch;
            yield break;
        }

        using var parquet = ParquetReader.Open(bytes);
        Assert.Equal(StoreMetadata.CatalogSchemaView, parquet.SchemaView);
        while (parquet.ReadView() is { } batch) yield return batch;
    }

    /// <summary>Batches with facts of every kind, and facts of blocks that are not here.</summary>
    private static void Fill(TemporaryFolder folder)
    {
        using var store = CidStore.Open(folder.Store);
        Cid last = default;
        for (int i = 0; i < Blocks; i++)
        {
            var batch = RecordBatch.Of(("n", ArrowArray.From<int>(Enumerable.Range(i, 1 + (i % 4)).ToArray())));
            Cid cid = store.Put(batch, new PutOptions
            {
                Tags = i % 3 == 0 ? [] : new Dictionary<string, string?> { ["day"] = $"{i % 3}", ["ü \"x\""] = $"\n{i}" },
                Producer = i % 4 == 3 ? null : $"p{i % 4}",
                Parents = i % 5 == 1 ? [last] : [],
                Json = i % 6 == 0 ? $"{{\"run\":{i / 2}}}" : null,
                Name = i % 10 == 0 ? $"n/{i}" : null,
                Pin = i % 7 == 0,
                Expires = i % 8 == 0 ? DateTimeOffset.UtcNow.AddDays(i + 1) : null,
                Locations = i % 9 == 0 ? [$"https://example.org/{i}"] : [],
            }).Cid;
            last = cid;
        }

        store.Metadata.Tag(Cid.Sha256(Multicodec.Raw, "elsewhere"u8), "day", "1");
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
