using System.Text.Json;
using ArrowCid.Ipld.Car;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Blocks from other places than the store: another store, a directory of files, a gateway.</summary>
public class FromVerbsTests
{
    private const string V1 = "vectors/v1.arrows";
    private const string V1Cid = "bafkreidqfe32htj57zh5xzgmeelor4zj2dj5zxhto3b5jehmlzqfqvqhxy";
    private const string Absent = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

    private static readonly byte[] s_v1 = File.ReadAllBytes(Path.Combine(Command.Data, V1));

    [Fact]
    public void A_block_comes_from_a_store_a_directory_or_a_gateway_and_is_the_same()
    {
        using var folder = new TemporaryFolder();
        using ServedStore served = ServedStore.Start();
        string files = Directory.CreateDirectory(folder.PathOf("files")).FullName;
        Command.Run(["put", V1], null, served.Directory).Succeeds();
        Command.Run(["get", V1Cid, "-o", Path.Combine(files, V1Cid + ".arrows")], null, served.Directory).Succeeds();
        foreach (string place in new[] { served.Directory, files, served.Http })
        {
            Assert.Equal(s_v1, Command.Run("get", V1Cid, "--from", place).Succeeds().Bytes);
            Assert.Equal($"{V1Cid}  {place}  ok\n",
                Run(folder, "verify", V1Cid, "--from", place).Succeeds().Text);
            Assert.Equal(4, Command.Run("cat", V1Cid, "--format", "csv", "--from", place).Succeeds().Lines.Length);
            Command.Run("get", Absent, "--from", place).Exits(3);
        }

        // What is named first is asked first; what fails is passed.
        string empty = Directory.CreateDirectory(folder.PathOf("empty")).FullName;
        File.WriteAllBytes(Path.Combine(empty, V1Cid + ".arrows"), [1, 2, 3]);
        Command.Run("get", V1Cid, "--from", empty).Exits(4);
        Assert.Contains("has other bytes", Command.Run("verify", V1Cid, "--from", empty).Exits(4).Text, StringComparison.Ordinal);
        Assert.Equal(s_v1, Command.Run("get", V1Cid, "--from", empty, "--from", served.Http).Succeeds().Bytes);
        // The store keeps what came.
        Run(folder, "get", V1Cid, "--from", served.Http, "--fill", "-o", folder.PathOf("got")).Succeeds();
        served.Kill();
        Command.Run("get", V1Cid, "--from", served.Http).Exits(7);
        Assert.Equal(s_v1, Run(folder, "get", V1Cid).Succeeds().Bytes);
        Assert.Equal(s_v1, Run(folder, "get", V1Cid, "--from", served.Http, "--fill").Succeeds().Bytes);
    }

    [Fact]
    public void What_is_exported_from_elsewhere_is_what_its_own_store_exports()
    {
        using var folder = new TemporaryFolder();
        using ServedStore served = ServedStore.Start();
        Command.Run(["put", Command.Sample, "--rows-per-block", "50000", "--dataset", "flights"], null, served.Directory).Succeeds();
        string dataset = Command.Run(["name", "flights"], null, served.Directory).Succeeds().Lines[^1].Split(' ').First(word => word.StartsWith("bafy", StringComparison.Ordinal));
        JsonElement[] listed = Command.Run(["ls", "--json"], null, served.Directory).Succeeds().Json;
        string[] batches = [.. listed.Select(each => each.GetProperty("cid").GetString()!)];
        string files = Directory.CreateDirectory(folder.PathOf("files")).FullName;
        foreach (string batch in batches) Command.Run(["get", batch, "-o", Path.Combine(files, batch + ".arrows")], null, served.Directory).Succeeds();
        foreach (string other in new[] { dataset, listed[0].GetProperty("schemaCid").GetString()! })
            Command.Run(["get", other, "-o", Path.Combine(files, other + ".block")], null, served.Directory).Succeeds();
        string[][] forms =
        [
            ["export", "car", dataset, "-o", "-"], ["export", "car", dataset, "--layout", "flat", "-o", "-"],
            ["export", "car", dataset, "--layout", "columns", "-o", "-"], ["export", "parquet", dataset, "-o", "-"],
            ["export", "arrow", dataset, "-o", "-"], ["export", "csv", dataset, "-o", "-"],
            ["cat", dataset, "--head", "7"], ["dag", "get", $"{dataset}/batches/0/rows"],
        ];
        foreach (string[] form in forms)
        {
            byte[] own = Command.Run(form, null, served.Directory).Succeeds().Bytes;
            Assert.NotEmpty(own);
            foreach (string place in form[0] == "export" && form[1] is "car" or "parquet" ? new[] { served.Directory, files, served.Http } : [served.Http])
                Assert.True(own.AsSpan().SequenceEqual(Command.Run([.. form, "--from", place]).Succeeds().Bytes), $"{string.Join(' ', form)} from {place}");
        }

        // A file that was damaged is not spread, and leaves nothing half.
        string damaged = Path.Combine(files, batches[0] + ".arrows"), car = folder.PathOf("out.car");
        byte[] bytes = File.ReadAllBytes(damaged);
        bytes[^100] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        CommandResult refused = Command.Run("export", "car", dataset, "-o", car, "--from", files).Exits(4);
        Assert.Contains($"{files} has other bytes for {batches[0]}", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Name, "out.car*"));
        Command.Run("export", "car", dataset, "-o", car, "--from", files, "--from", served.Directory).Succeeds();
        // What the store has is not asked for elsewhere, and it keeps what is asked for.
        Run(folder, "export", "car", dataset, "-o", car, "--from", served.Http, "--fill").Succeeds();
        served.Kill();
        Run(folder, "export", "car", dataset, "-o", folder.PathOf("own.car")).Succeeds();
        Run(folder, "export", "car", dataset, "-o", folder.PathOf("own.car"), "--from", served.Http).Succeeds();
        Assert.Equal(File.ReadAllBytes(car), File.ReadAllBytes(folder.PathOf("own.car")));
        CommandResult gone = Command.Run("export", "car", dataset, "-o", car, "--from", served.Http).Exits(7);
        Assert.Contains($"{served.Http}/ does not answer", gone.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_says_where_blocks_come_from_that_the_store_does_not_have()
    {
        using TemporaryFolder folder = new(), other = new();
        Run(other, "put", V1, "--name", "theirs").Succeeds();
        Run(folder, "put", Command.Sample, "--name", "ours").Succeeds();
        string ours = Run(folder, "get", "ours").Succeeds().Text;
        CommandResult With(string places, string line) => Command.Shell($"ARROWCID_FROM='{places}' \"$@\" {line}", folder.Store);
        string both = $"{Directory.CreateDirectory(folder.PathOf("empty")).FullName}, {other.Store}";
        Run(folder, "get", V1Cid).Exits(3);
        Assert.Equal(s_v1, With(both, $"get {V1Cid}").Succeeds().Bytes);
        Assert.Equal(ours, With(both, "get @ours").Succeeds().Text);
        With(both, "get @theirs").Exits(3);
        Assert.Equal(4, With(both, $"cat {V1Cid} --format csv").Succeeds().Lines.Length);
        // A proof is of the store's own; the flag goes before the setting.
        With(both, $"verify {V1Cid}").Exits(3);
        With(both, $"get {V1Cid} --from {folder.PathOf("empty")}").Exits(3);
        Run(other, "export", "car", V1Cid, "-o", folder.PathOf("one.car")).Succeeds();
        Assert.Equal(File.ReadAllBytes(folder.PathOf("one.car")), With(both, $"export car {V1Cid} -o -").Succeeds().Bytes);

        JsonElement[] settings = With(both, "config check --json").Succeeds().Json;
        JsonElement said = settings.Single(each => each.GetProperty("name").GetString() == "from");
        Assert.Equal((both, "ARROWCID_FROM"), (said.GetProperty("value").GetString(), said.GetProperty("from").GetString()));
        foreach ((string wrong, int exit) in new[] { (folder.PathOf("nowhere"), 3), ("ftp://example.org", 2) })
        {
            foreach (string line in new[] { "config check", $"get {V1Cid}" })
                Assert.Contains("ARROWCID_FROM", With(wrong, line).Exits(exit).Errors, StringComparison.Ordinal);
        }

        // Kept, it is the store's.
        With(both, $"get {V1Cid} --fill").Succeeds();
        Run(folder, "verify", V1Cid).Succeeds();
    }

    [Fact]
    public void What_a_car_lacks_is_imported_from_elsewhere()
    {
        using TemporaryFolder folder = new(), other = new();
        Run(other, "put", Command.Sample, "--rows-per-block", "50000", "--dataset", "flights").Succeeds();
        string whole = folder.PathOf("whole.car"), half = folder.PathOf("half.car");
        string[] blocks = [.. Run(other, "export", "car", "@flights", "--layout", "flat", "-o", whole, "--json").Succeeds().Json.Select(each => each.GetProperty("roots")[0].GetString()!)];
        using (FileStream car = File.OpenRead(whole), target = File.Create(half))
        {
            var contents = CarContents.Read(car);
            var writer = new CarWriter(target, contents.Report.Roots, version: 1);
            for (int i = 0; i < contents.Blocks.Count; i += 2) writer.Add(contents.Blocks[i].Cid, contents.ReadBlock(i));
            _ = writer.Finish();
        }

        Run(folder, "import", half).Exits(4);
        CommandResult absent = Run(folder, "import", half, "--from", Directory.CreateDirectory(folder.PathOf("empty")).FullName).Exits(4);
        Assert.Contains("empty; nothing was put", absent.Errors, StringComparison.Ordinal);
        Assert.Empty(Run(folder, "ls").Succeeds().Lines);
        Run(folder, "import", half, "--from", other.Store).Succeeds();
        Assert.Equal(File.ReadAllBytes(whole), Run(folder, "export", "car", blocks[0], "--layout", "flat", "-o", "-").Succeeds().Bytes);
    }

    [Fact]
    public void Places_that_are_none_are_refused()
    {
        using var folder = new TemporaryFolder();
        Command.Run("get", V1Cid, "--from", folder.PathOf("nowhere")).Exits(3);
        Command.Run("get", V1Cid, "--from", "ftp://example.org").Exits(2);
        Command.Run("get", V1Cid, "--fill").Exits(2);
        Command.Run("get", "@latest", "--from", folder.Name).Exits(2);
        Command.Run("verify", "--all", "--from", folder.Name).Exits(2);
        Command.Run("import", V1, "--fill", "--from", folder.Name).Exits(2);
    }

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) =>
        Command.Run(arguments, null, folder.Store);
}
