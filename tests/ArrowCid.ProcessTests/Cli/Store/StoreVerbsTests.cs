using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace ArrowCid.ProcessTests.Cli;

public class StoreVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Absent = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

    [Fact]
    public void A_block_is_new_once_and_known_ever_after()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal($"{V1Cid}  3  520  {V1}#0  new\n", Command.Run("put", V1, "--store", folder.Store).Succeeds().Text);
        Assert.Equal($"{V1Cid}  3  520  {V1}#0  known\n", Command.Run("put", "--store", folder.Store, V1).Succeeds().Text);
        JsonElement json = Assert.Single(Command.Run("put", "--json", "--store", folder.Store, V1).Succeeds().Json);
        Assert.Equal(["cid", "schemaCid", "rows", "bytes", "file", "batch", "isNew", "isRepaired"], json.EnumerateObject().Select(m => m.Name));
        Assert.False(json.GetProperty("isNew").GetBoolean());
    }

    [Fact]
    public void What_get_writes_hashes_to_the_CID()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        byte[] bytes = Run(folder, "get", V1Cid).Succeeds().Bytes;
        Assert.Equal(File.ReadAllBytes(Path.Combine(Command.Data, V1)), bytes);
        Assert.Equal(Cid.Parse(V1Cid).Hash.ToBytes()[2..], SHA256.HashData(bytes));
        string file = folder.PathOf("out.arrows");
        Assert.Empty(Run(folder, "get", V1Cid, "-o", file).Succeeds().Bytes);
        Assert.Equal(bytes, File.ReadAllBytes(file));
        Run(folder, "get", V1Cid, "--output", file).Succeeds();
        Assert.Equal(["out.arrows", "store"], Directory.GetFileSystemEntries(folder.Name).Select(Path.GetFileName).Order());
        Assert.Equal(bytes, Run(folder, "get", V1Cid, "-o", "-").Succeeds().Bytes);
        CommandResult refused = Run(folder, "get", V1Cid, "-o", folder.PathOf("no/such/folder/out")).Exits(3);
        Assert.Empty(refused.Bytes);
    }

    [Fact]
    public void Cat_writes_a_table_CSV_and_JSON()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Assert.Equal("    v\nint32\n-----\n    1\n null\n    3\n", Run(folder, "cat", V1Cid).Succeeds().Text);
        Assert.Equal("    v\nint32\n-----\n    1\n… 2 more rows\n", Run(folder, "cat", V1Cid, "--head", "1").Succeeds().Text);
        Assert.Equal("v\r\n1\r\n\r\n3\r\n", Run(folder, "cat", V1Cid, "--format", "csv").Succeeds().Text);
        Assert.Equal("{\"v\":1}\n{\"v\":null}\n", Run(folder, "cat", V1Cid, "--format", "json", "--head", "2").Succeeds().Text);
        Run(folder, "cat", V1Cid, "--format", "xml").Exits(2);
        Run(folder, "cat", V1Cid, "--head", "-1").Exits(2);
    }

    [Fact]
    public void Ls_and_info_say_what_is_there()
    {
        using var folder = new TemporaryFolder();
        const string Two = "arrow-ipc/1.0.0-littleendian/generated_datetime.stream";
        CommandResult put = Run(folder, "put", V1, Two).Succeeds();
        string[] cids = [.. put.Lines.Select(line => line.Split(' ')[0])];
        Assert.Equal(3, cids.Length);
        Assert.Equal(cids, Run(folder, "ls").Succeeds().Lines.Select(line => line.Split(' ')[0]));
        JsonElement[] json = Run(folder, "ls", "--json").Succeeds().Json;
        Assert.Equal(cids, json.Select(o => o.GetProperty("cid").GetString()));
        Assert.All(json, o => Assert.True(DateTimeOffset.TryParse(o.GetProperty("time").GetString(), CultureInfo.InvariantCulture, out _)));
        string info = Run(folder, "info", V1Cid).Succeeds().Text;
        Assert.Contains($"cid       {V1Cid}\n", info, StringComparison.Ordinal);
        Assert.Contains("field     v: int32\n", info, StringComparison.Ordinal);
        Assert.Contains($"location  {folder.Store}/seg-", info, StringComparison.Ordinal);
        JsonElement known = Assert.Single(Run(folder, "info", V1Cid, "--json").Succeeds().Json);
        Assert.Equal("int32", known.GetProperty("fields")[0].GetProperty("type").GetString());
    }

    [Fact]
    public void A_changed_byte_is_damage()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "vectors/more/nan.arrows").Succeeds();
        CommandResult intact = Run(folder, "verify", "--all").Exits(0);
        Assert.Equal(2, intact.Lines.Count(line => line.EndsWith("  ok", StringComparison.Ordinal)));
        Assert.StartsWith("2 ok, 0 damaged", intact.Errors, StringComparison.Ordinal);
        Assert.Equal($"{V1Cid}  ok\n", Run(folder, "verify", V1Cid).Succeeds().Text);

        string location = Assert.Single(Run(folder, "info", "--json", V1Cid).Succeeds().Json).GetProperty("location").GetString()!;
        int plus = location.LastIndexOf('+');
        using (FileStream segment = File.Open(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            segment.Position = long.Parse(location[(plus + 1)..], CultureInfo.InvariantCulture) + 520 - 8 - 64;
            segment.WriteByte(0x77);
        }

        CommandResult one = Run(folder, "verify", V1Cid).Exits(4);
        Assert.StartsWith($"{V1Cid}  the bytes of {V1Cid} hash to bafk", one.Text, StringComparison.Ordinal);
        CommandResult all = Run(folder, "verify", "--all", "--json").Exits(4);
        Assert.Equal([false, true], all.Json.Select(o => o.GetProperty("isIntact").GetBoolean()).Order());
        Assert.StartsWith("1 ok, 1 damaged", all.Errors, StringComparison.Ordinal);
        Assert.Empty(Run(folder, "get", V1Cid).Exits(4).Bytes);
        Run(folder, "get", V1Cid, "-o", folder.PathOf("out")).Exits(4);
        Assert.Equal([folder.Store], Directory.GetFileSystemEntries(folder.Name));
    }

    [Fact]
    public void A_record_that_no_listing_shows_any_more_is_damage_too()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1, "vectors/more/nan.arrows").Succeeds();
        string location = Assert.Single(Run(folder, "info", "--json", V1Cid).Succeeds().Json).GetProperty("location")
            .GetString()!;
        int plus = location.LastIndexOf('+');
        using (FileStream segment = File.Open(location[..plus], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            segment.Position = long.Parse(location[(plus + 1)..], CultureInfo.InvariantCulture) - 128 + 40;
            segment.WriteByte(0x77);
        }

        Assert.Single(Run(folder, "ls").Succeeds().Lines);
        CommandResult all = Run(folder, "verify", "--all").Exits(4);
        Assert.Contains("  records cannot be read from seg-", all.Text, StringComparison.Ordinal);
        Assert.StartsWith("1 ok, 1 damaged", all.Errors, StringComparison.Ordinal);
        Run(folder, "get", V1Cid).Exits(4);
    }

    [Fact]
    public void What_is_absent_or_no_CID_is_said_so()
    {
        using var folder = new TemporaryFolder();
        CommandResult none = Run(folder, "ls").Exits(5);
        Assert.StartsWith($"arrowcid: no store is at {folder.Store}", none.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.Store), "looking made a store");
        Run(folder, "put", V1).Succeeds();
        foreach (string verb in (string[])["get", "cat", "info", "verify"])
        {
            CommandResult absent = Run(folder, verb, Absent).Exits(3);
            Assert.StartsWith($"arrowcid: no block {Absent} in {folder.Store}; ", absent.Errors, StringComparison.Ordinal);
            Assert.Empty(absent.Bytes);
            CommandResult wrong = Run(folder, verb, "not-a-cid").Exits(2);
            Assert.StartsWith("arrowcid: Not a CID: ", wrong.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rows_are_cut_into_blocks()
    {
        using var folder = new TemporaryFolder();
        CommandResult put = Run(folder, "put", "--rows-per-block", "60000", "--json", Command.Sample).Succeeds();
        Assert.Equal([60000, 60000, 60000, 20000], put.Json.Select(o => o.GetProperty("rows").GetInt32()));
        Assert.Equal([0, 1, 2, 3], put.Json.Select(o => o.GetProperty("batch").GetInt32()));
        // However the file's writer cut the rows, the blocks are the same: here by the first cut.
        string recut = folder.PathOf("recut.arrows");
        using (FileStream file = File.Create(recut))
        {
            using var batches = ArrowCid.Ipc.ArrowReader.Open(File.ReadAllBytes(Command.Sample));
            using var writer = new ArrowCid.Ipc.ArrowWriter(file, batches.SchemaView);
            foreach (ArrowCid.Columnar.RecordBatch batch in ArrowCid.Columnar.BatchCut.EveryRows([batches.ReadView()!], 7777)) writer.Write(batch);
        }

        CommandResult again = Run(folder, "put", "--rows-per-block", "60000", "--json", recut).Succeeds();
        Assert.Equal(put.Json.Select(o => o.GetProperty("cid").GetString()), again.Json.Select(o => o.GetProperty("cid").GetString()));
        Assert.All(again.Json, o => Assert.False(o.GetProperty("isNew").GetBoolean()));
        Run(folder, "put", "--rows-per-block", "0", V1).Exits(2);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
