using System.Diagnostics;
using System.Text.Json;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>export, import, car and dag as a shell meets them.</summary>
public class CarVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string V1Dataset = "bafyreignoozc45h2arv3jr7kotca7t6slgsrbv2tkzsf6maojaitsmmre4";
    private const string V1Columns = "bafyreieqjrxuetiwojkdpp4w7fd5klb4en7iprg74vgjvbvmca2o67vasq";

    [Theory]
    [InlineData("unixfs", V1Cid)]
    [InlineData("flat", V1Cid)]
    [InlineData("columns", V1Columns)]
    public void What_export_writes_import_brings_back(string layout, string root)
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        CommandResult export = Run(folder, "export", "car", V1Cid, "-o", folder.Name, "--layout", layout).Succeeds();
        Assert.Equal($"{root}\n", export.Text);
        string car = folder.PathOf($"{V1Cid}.car");
        Assert.Equal([car, folder.Store], Directory.GetFileSystemEntries(folder.Name).Order());
        CommandResult verify = Command.Run("car", "verify", "--strict", car).Succeeds();
        Assert.StartsWith($"{car}: ok\n", verify.Text, StringComparison.Ordinal);
        string into = folder.PathOf("other");
        CommandResult import = Command.Run("import", car, "--store", into).Succeeds();
        string from = root == V1Cid ? "" : $"  from {root}";
        Assert.Equal($"{V1Cid}  batch  520  new{from}", import.Lines[0]);
        Assert.Equal(root == V1Columns ? [$"{root}  manifest"] : [], import.Lines[1..].Select(line => string.Join("  ", line.Split("  ")[..2])));
        Assert.Equal($"{V1Cid}  ok\n", Command.Run("verify", V1Cid, "--store", into).Succeeds().Text);
        JsonElement again = Command.Run("import", "--json", car, "--store", into).Succeeds().Json.First();
        Assert.Equal(["cid", "kind", "bytes", "isNew", "isRepaired", "from", "file"], again.EnumerateObject().Select(member => member.Name));
        Assert.False(again.GetProperty("isNew").GetBoolean());
    }

    [Fact]
    public void Piece_commitment_is_printed_by_export_and_by_car_piece_alike()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        string car = folder.PathOf("v1.car");
        CommandResult export = Run(folder, "export", "car", V1Cid, "-o", car, "--piece").Succeeds();
        Assert.Equal(V1Cid, export.Lines[0]);
        Assert.Matches($"^baga6ea4seaq[a-z2-7]{{52}}  bafkzci[a-z2-7]+  1024  {new FileInfo(car).Length}  ", export.Lines[1]);
        Assert.Equal(export.Lines[1], Command.Run("car", "piece", car).Succeeds().Text.TrimEnd());
        JsonElement json = Run(folder, "export", "car", V1Cid, "-o", car, "--json", "--piece", "64KiB").Succeeds().Json.Single();
        JsonElement again = Command.Run("car", "piece", "--size", "64KiB", "--json", car).Succeeds().Json.Single();
        string[] members = ["pieceCid", "pieceCidV2", "paddedSize", "payloadBytes"];
        Assert.Equal(members.Select(member => json.GetProperty(member).ToString()), members.Select(member => again.GetProperty(member).ToString()));
        Assert.Equal(65536, again.GetProperty("paddedSize").GetInt64());
        File.Delete(car);
        Assert.Contains("need a piece of 1024 bytes, not 512", Run(folder, "export", "car", V1Cid, "-o", car, "--piece", "512").Exits(6).Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(car));
        Assert.Contains("car piece -", Run(folder, "export", "car", V1Cid, "-o", "-", "--piece").Exits(2).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dataset_is_put_named_shown_and_carried()
    {
        using var folder = new TemporaryFolder();
        CommandResult put = Run(folder, "put", "--dataset", "d", "--dataset-meta", "note=first", V1).Succeeds();
        Assert.Equal($"{V1Dataset}  3  520  d  new", put.Lines[^1]);
        Assert.Equal(V1Dataset, Run(folder, "name", "d").Succeeds().Text.Trim());
        Assert.Equal("3\n", Run(folder, "dag", "get", "@d/batches/0/rows").Succeeds().Text);
        JsonElement node = Assert.Single(Run(folder, "dag", "get", V1Dataset).Succeeds().Json);
        Assert.Equal("first", node.GetProperty("meta").GetProperty("note").GetString());
        byte[] raw = Run(folder, "dag", "get", $"/ipfs/{V1Dataset}/batches/0/cid").Succeeds().Bytes;
        Assert.Equal(File.ReadAllBytes(Path.Combine(Command.Data, V1)), raw);
        Assert.StartsWith("arrowcid: nothing is at 'rows/1' in ", Run(folder, "dag", "get", "d/rows/1").Exits(3).Errors, StringComparison.Ordinal);
        string car = folder.PathOf("d.car");
        JsonElement export = Assert.Single(Run(folder, "export", "car", "d", "-o", car, "--car-version", "2", "--json").Succeeds().Json);
        Assert.Equal((3, new FileInfo(car).Length), (export.GetProperty("blocks").GetInt32(), export.GetProperty("bytes").GetInt64()));
        Assert.Equal(3, Command.Run("car", "ls", car).Succeeds().Lines.Length);
        string into = folder.PathOf("other");
        CommandResult import = Command.Run("import", car, "--store", into).Succeeds();
        Assert.Equal(["schema", "batch", "dataset"], import.Lines.Select(line => line.Split("  ")[1]));
        Command.Run("name", "copy", V1Dataset, "--store", into).Succeeds();
        Assert.Equal("3\n", Command.Run("dag", "get", "copy/batches/0/rows", "--store", into).Succeeds().Text);
        CommandResult child = Run(folder, "put", "--dataset", "e", "--dataset-parent", "@d", V1).Succeeds();
        Assert.NotEqual(V1Dataset, child.Lines[^1].Split(' ')[0]);
        Run(folder, "put", "--dataset-meta", "a=b", V1).Exits(2);
    }

    [Fact]
    public void What_is_no_batch_says_what_it_is_and_a_path_goes_on_into_a_large_batch()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", "--dataset", "large", "--rows-per-block", "200000", Command.Sample).Succeeds();
        CommandResult info = Run(folder, "info", "@large").Succeeds();
        Assert.Contains("kind      dataset\n", info.Text, StringComparison.Ordinal);
        Assert.Contains("batches   1\n", info.Text, StringComparison.Ordinal);
        JsonElement json = Assert.Single(Run(folder, "info", "--json", "@large").Succeeds().Json);
        Assert.Equal("dataset", json.GetProperty("kind").GetString());
        JsonElement members = json.GetProperty("members");
        Assert.Equal((200_000, 1), (members.GetProperty("rows").GetInt64(), members.GetProperty("batches").GetInt32()));
        Assert.True(members.GetProperty("dataBytes").GetInt64() > 1 << 20);
        string cid = Run(folder, "ls").Succeeds().Text.Split(' ')[0];
        byte[] block = Run(folder, "get", cid).Succeeds().Bytes;
        Assert.True(block.Length > 1 << 20);
        JsonElement node = Assert.Single(Run(folder, "dag", "get", "@large/batches/0/dag").Succeeds().Json);
        Assert.Equal(2, node.GetProperty("Links").GetArrayLength());
        byte[] leaf = Run(folder, "dag", "get", "@large/batches/0/dag/Links/1/Hash").Succeeds().Bytes;
        Assert.Equal(block[(1 << 20)..], leaf);
        Run(folder, "dag", "get", "@large/batches/1/dag").Exits(3);
    }

    [Fact]
    public void Export_arrow_gives_a_batch_s_block_and_of_more_one_stream_with_the_same_CIDs()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", "--dataset", "flights", "--rows-per-block", "50000", Command.Sample).Succeeds();
        string[] cids = [.. Run(folder, "ls").Succeeds().Lines.Select(line => line.Split(' ')[0])];
        Run(folder, "export", "arrow", cids[0], "-o", folder.Name).Succeeds();
        Assert.Equal(Run(folder, "get", cids[0]).Succeeds().Bytes, File.ReadAllBytes(folder.PathOf($"{cids[0]}.arrows")));
        string all = folder.PathOf("all.arrows");
        Run(folder, "export", "arrow", "@flights", "-o", all).Succeeds();
        Assert.Equal(cids.Order(), Command.Run("hash", all).Succeeds().Lines.Select(line => line.Split(' ')[0]).Order());
        Assert.Equal(File.ReadAllBytes(all), Run(folder, "export", "arrow", "flights", "-o", "-").Succeeds().Bytes);
    }

    [Fact]
    public void Standard_output_and_input_carry_a_CAR()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        byte[] car = Run(folder, "export", "car", V1Cid, "-o", "-").Succeeds().Bytes;
        CommandResult import = Command.Run(["import", "-"], car, folder.PathOf("other")).Succeeds();
        Assert.Equal($"{V1Cid}  batch  520  new\n", import.Text);
        CommandResult list = Command.Run(["car", "ls", "--json", "-"], car, null).Succeeds();
        Assert.Equal((V1Cid, 520), (Assert.Single(list.Json).GetProperty("cid").GetString(), list.Json[0].GetProperty("bytes").GetInt32()));
        byte[] two = Run(folder, "export", "car", V1Cid, "-o", "-", "--car-version", "2").Succeeds().Bytes;
        Assert.Equal(V1Cid, Assert.Single(Command.Run(["car", "ls", "--json", "-"], two, null).Succeeds().Json).GetProperty("cid").GetString());
    }

    [Fact]
    public void A_damaged_CAR_says_where_and_brings_nothing()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        byte[] car = Run(folder, "export", "car", V1Cid, "-o", "-").Succeeds().Bytes;
        byte[] changed = [.. car];
        changed[^10] ^= 1;
        CommandResult verify = Command.Run(["car", "verify", "-"], changed, null).Exits(4);
        int offset = car.Length - 520;
        Assert.Contains($"damaged: the block does not hash to its CID, {V1Cid}; byte {offset}", verify.Text, StringComparison.Ordinal);
        JsonElement json = Assert.Single(Command.Run(["car", "verify", "--json", "-"], changed, null).Exits(4).Json);
        Assert.Equal((1, false), (json.GetProperty("damagedCount").GetInt32(), json.GetProperty("isRight").GetBoolean()));
        string into = folder.PathOf("other");
        CommandResult refused = Command.Run(["import", "-"], changed, into).Exits(4);
        Assert.Contains($"byte {offset}; nothing was put", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("", Command.Run("ls", "--store", into).Succeeds().Text);
        CommandResult cut = Command.Run(["import", "-"], car[..^1], into).Exits(4);
        Assert.Contains("the file ends inside a block; byte", cut.Errors, StringComparison.Ordinal);
        CommandResult none = Command.Run(["import", "-"], "PK"u8.ToArray(), into).Exits(4);
        Assert.Contains("this is plain text", none.Errors, StringComparison.Ordinal);
        CommandResult partial = Command.Run(["import", "--partial", "-"], changed, into).Exits(0);
        Assert.Contains("0 blocks were missing, 1 were not taken", partial.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_blocks_and_roots_fail_and_strict_fails_for_less()
    {
        CommandResult wiki = Command.Run("car", "verify", "car/wikipedia-cryptographic-hash-function.car").Exits(4);
        Assert.Contains("\n  missing baf", wiki.Text, StringComparison.Ordinal);
        Command.Run("car", "verify", "car/sample-v1.car").Succeeds();
        Command.Run("car", "verify", "--strict", "car/sample-v1.car").Exits(4);
        Assert.Contains("not to be proved: 1043 under blake2b-256", Command.Run("car", "verify", "car/sample-v1.car").Text, StringComparison.Ordinal);
        Command.Run("car", "verify", "car/carv2-basic.car").Succeeds();
        Command.Run("car", "verify", "--strict", "car/carv2-basic.car").Exits(4);
        Command.Run("car", "verify", "car/sample-corrupt-pragma.car").Exits(4);
        Command.Run("car", "verify", "no such file").Exits(3);
    }

    [Fact]
    public void What_is_not_here_is_not_exported_and_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", V1).Succeeds();
        Run(folder, "export", "car", V1Columns, "-o", folder.PathOf("a.car")).Exits(3);
        Run(folder, "export", "car", V1Cid, "-o", folder.PathOf("no/such/folder/a.car")).Exits(3);
        Run(folder, "export", "car", V1Cid).Exits(2);
        if (File.Exists("/dev/full")) Run(folder, "export", "car", V1Cid, "-o", "/dev/full/a.car").Exits(3);
        Assert.Equal([folder.Store], Directory.GetFileSystemEntries(folder.Name));
    }

    [Fact]
    public void A_column_of_a_manifest_prints_where_only_its_pieces_are_here()
    {
        using var folder = new TemporaryFolder();
        var batch = RecordBatch.Of(
            ("n", ArrowArray.From<long>((long[])[1, 2, 3])), ("px", ArrowArray.From<double>((double[])[1.5, 2.5, 3.5])));
        EncodedBlock block = CanonicalBlock.Encode(batch);
        ColumnManifest manifest = ColumnManifest.Of(block.Bytes, block.Cid, block.SchemaCid);
        byte[] node = manifest.Encode();
        Cid root = Cid.Sha256(Multicodec.DagCbor, node);
        string car = folder.PathOf("px.car"), into = folder.PathOf("other");
        using (FileStream stream = File.Create(car))
        {
            var writer = new CarWriter(stream, [root], 1);
            writer.Add(root, node);
            int at = 0;
            foreach (ColumnPiece piece in manifest.Pieces)
            {
                if (!manifest.Columns[0].Pieces.Contains(piece)) writer.Add(piece.Cid, block.Bytes.Span.Slice(at, piece.Length));
                at += piece.Length;
            }

            _ = writer.Finish();
        }

        Command.Run("import", "--partial", car, "--store", into).Exits(0);
        CommandResult px = Command.Run("cat", $"{root}", "--column", "px", "--format", "csv", "--store", into).Succeeds();
        Assert.Equal("px\r\n1.5\r\n2.5\r\n3.5\r\n", px.Text);
        CommandResult n = Command.Run("cat", $"{root}", "--column", "n", "--store", into).Exits(3);
        Assert.Equal($"arrowcid: piece 0 of column 'n', {manifest.Columns[0].Pieces[0].Cid}, is not here; import or fetch it first\n",
            n.Errors);
        File.WriteAllBytes(folder.PathOf("b.arrows"), block.Bytes.ToArray());
        Run(folder, "put", folder.PathOf("b.arrows")).Succeeds();
        Assert.Equal(px.Text, Run(folder, "cat", $"{block.Cid}", "--column", "px", "--format", "csv").Succeeds().Text);
        Run(folder, "cat", $"{block.Cid}", "--column", "no").Exits(2);
    }

    // Goal: whatever an import or export was at when it was killed, there is no half file, and what is in the store is whole.
    [Fact]
    public void Killed_at_any_moment_an_export_leaves_no_file_and_an_import_leaves_whole_blocks()
    {
        using var folder = new TemporaryFolder();
        Run(folder, "put", "--dataset", "flights", "--rows-per-block", "5000", Command.Sample).Succeeds();
        string whole = folder.PathOf("whole.car");
        string dataset = Run(folder, "export", "car", "flights", "-o", whole).Succeeds().Text.Trim();
        byte[] wanted = File.ReadAllBytes(whole);
        string out1 = folder.PathOf("killed.car"), into = folder.PathOf("other");
        for (int milliseconds = 60; milliseconds <= 360; milliseconds += 60)
        {
            Kill(milliseconds, "export", "car", "flights", "-o", out1, "--store", folder.Store);
            if (File.Exists(out1)) Assert.Equal(wanted, File.ReadAllBytes(out1));
            File.Delete(out1);
            Kill(milliseconds, "import", whole, "--store", into);
            if (!Directory.Exists(into)) continue;
            CommandResult all = Command.Run("verify", "--all", "--store", into);
            if (all.ExitCode == 5) continue;
            Assert.Contains(" 0 damaged", all.Exits(0).Errors, StringComparison.Ordinal);
            CommandResult node = Command.Run("name", "n", dataset, "--store", into);
            if (node.ExitCode == 0) Assert.Equal(40, Command.Run("ls", "--store", into).Succeeds().Lines.Length);
        }

        Assert.Equal(42, Command.Run("import", whole, "--store", into).Succeeds().Lines.Length);
        Command.Run("name", "n", dataset, "--store", into).Succeeds();
    }

    [Fact]
    public void Import_and_export_take_little_memory_of_their_own()
    {
        using var folder = new TemporaryFolder();
        string file = folder.PathOf("numbers.arrows");
        WriteNumbers(file, 6_000_000);
        string cid = Run(folder, "put", file).Succeeds().Text.Split(' ')[0];
        File.Delete(file);
        foreach (string layout in new[] { "unixfs", "flat" })
        {
            string car = folder.PathOf($"{layout}.car");
            Assert.InRange(Command.AnonymousPeak("export", "car", cid, "-o", car, "--layout", layout, "--store", folder.Store), 1, 100 << 20);
            Assert.InRange(Command.AnonymousPeak("import", car, "--store", folder.PathOf(layout)), 1, 100 << 20);
            Assert.Equal(cid, Command.Run("ls", "--store", folder.PathOf(layout)).Succeeds().Text.Split(' ')[0]);
        }
    }

    private static void WriteNumbers(string file, int rows)
    {
        using FileStream stream = File.Create(file);
        var batch = RecordBatch.Of(
            ("a", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => (long)i).ToArray())),
            ("b", ArrowArray.From<long>(Enumerable.Range(0, rows).Select(i => i * 7L).ToArray())));
        using var writer = new ArrowWriter(stream, batch.Schema);
        writer.Write(batch);
    }

    private static void Kill(int milliseconds, params string[] arguments)
    {
        using Process process = Command.Begin(arguments);
        if (!process.WaitForExit(TimeSpan.FromMilliseconds(milliseconds))) process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
