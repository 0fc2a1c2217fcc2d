using System.Text.Json;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>Files that come from elsewhere and go there: Arrow files, column manifests, archives that are cut short.</summary>
public class ExchangeVerbsTests
{
    [Theory]
    [InlineData("flights.arrow", null, true)]
    [InlineData("flights.feather", null, true)]
    [InlineData("flights.arrows", null, false)]
    [InlineData("flights.arrow", "stream", false)]
    [InlineData("flights.bin", "file", true)]
    public void Export_arrow_writes_the_form_of_the_option_or_the_name(string name, string? form, bool isFile)
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        string file = folder.PathOf(name);
        Run(folder, ["export", "arrow", "@flights", .. form is null ? Array.Empty<string>() : ["--form", form], "-o", file]).Succeeds();
        byte[] bytes = File.ReadAllBytes(file);
        Assert.Equal(isFile, bytes.AsSpan().StartsWith("ARROW1\0\0"u8) && bytes.AsSpan().EndsWith("ARROW1"u8));
        Assert.Equal(cids, Cids(Command.Run("hash", "--format", "arrow", file)));
        Assert.Equal(cids, Cids(Command.Run(["hash", "-"], bytes, null)));
        Assert.Equal(cids, Cids(Command.Run(["put", "--format", "arrow", file], null, folder.PathOf("other"))));
        Assert.Equal(bytes, Run(folder, "export", "arrow", "@flights", "--form", isFile ? "file" : "stream", "-o", "-").Succeeds().Bytes);
        string directory = folder.PathOf("out/");
        Run(folder, "export", "arrow", cids[0], "--form", "file", "-o", directory).Succeeds();
        Assert.Equal(cids[0] + ".arrow", Path.GetFileName(Assert.Single(Directory.GetFiles(directory))));
    }

    [Theory]
    [InlineData("lz4", "stream")]
    [InlineData("zstd", "stream")]
    [InlineData("lz4", "file")]
    [InlineData("zstd", "file")]
    public void Export_arrow_compresses_on_request_and_keeps_the_CIDs(string codec, string form)
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        byte[] plain = Run(folder, "export", "arrow", "@flights", "--form", form, "-o", "-").Succeeds().Bytes;
        byte[] bytes = Run(folder, "export", "arrow", "@flights", "--form", form, "--compression", codec, "-o", "-").Succeeds().Bytes;
        Assert.InRange(bytes.Length, 1, plain.Length - 1);
        Assert.Equal(cids, Cids(Command.Run(["hash", "-"], bytes, null)));
        Assert.Equal(cids, Cids(Command.Run(["put", "-"], bytes, folder.PathOf("other"))));
        Assert.Equal(plain, Run(folder, "export", "arrow", "@flights", "--form", form, "--compression", "none", "-o", "-").Succeeds().Bytes);
    }

    [Fact]
    public async Task An_imported_column_manifest_works_in_every_verb_and_at_the_gateway()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        string car = folder.PathOf("columns.car");
        string root = Run(folder, "export", "car", cids[0], "--layout", "columns", "-o", car).Succeeds().Text.Trim();
        using ServedStore served = ServedStore.Start();
        string[] lines = Command.Run(["import", car], null, served.Directory).Succeeds().Lines;
        Assert.Equal([$"{cids[0]}  batch", $"{root}  manifest"], lines.Select(line => string.Join("  ", line.Split("  ")[..2])));
        string column = Schema(folder, cids[0])[0];
        Assert.Equal(Run(folder, "cat", cids[0], "--column", column, "--format", "csv").Succeeds().Text,
            Command.Run(["cat", root, "--column", column, "--format", "csv"], null, served.Directory).Succeeds().Text);
        Assert.Contains("manifest", Command.Run(["info", root], null, served.Directory).Succeeds().Text, StringComparison.Ordinal);
        byte[] node = Command.Run(["get", root], null, served.Directory).Succeeds().Bytes;
        Command.Run(["car", "verify", car]).Exits(0);
        using var client = new HttpClient();
        Assert.Equal(node, await client.GetByteArrayAsync(new Uri($"{served.Http}/ipfs/{root}?format=raw")));
        string piece = Command.Run(["car", "ls", car]).Succeeds().Lines[1].Split(' ')[0];
        byte[] bytes = await client.GetByteArrayAsync(new Uri($"{served.Http}/ipfs/{piece}?format=raw"));
        Assert.Equal(piece, Cid.Sha256(Multicodec.Raw, bytes).ToString());
        // A gateway has a column without the batch's other columns being asked for.
        Assert.Equal(Run(folder, "cat", cids[0], "--column", column, "--format", "csv").Text,
            Command.Run(["cat", root, "--column", column, "--format", "csv", "--from", served.Http], null, folder.PathOf("none")).Succeeds().Text);
    }

    [Fact]
    public void A_partial_import_of_a_cut_CAR_takes_what_is_whole_from_a_file_and_a_pipe()
    {
        using var folder = new TemporaryFolder();
        string[] cids = Put(folder);
        string car = folder.PathOf("flights.car");
        Run(folder, "export", "car", "@flights", "--layout", "flat", "-o", car).Exits(0);
        byte[] bytes = File.ReadAllBytes(car);
        JsonElement[] sections = Command.Run("car", "ls", "--json", car).Succeeds().Json;
        long start = sections[2].GetProperty("offset").GetInt64();
        string half = folder.Write("half.car", bytes[..(int)(start + 1000)]);
        Command.Run(["import", half], null, folder.PathOf("none")).Exits(4);
        CommandResult file = Command.Run(["import", "--partial", half], null, folder.PathOf("file")).Exits(0);
        CommandResult pipe = Command.Run(["import", "--partial", "-"], File.ReadAllBytes(half), folder.PathOf("pipe")).Exits(0);
        Assert.Equal(file.Text, pipe.Text);
        Assert.Equal(2, file.Lines.Length);
        Assert.Contains("half.car: the file is cut short after byte ", file.Errors, StringComparison.Ordinal);
        Assert.Contains($"{sections.Length - 2} blocks were missing, 0 were not taken", file.Errors, StringComparison.Ordinal);
        Command.Run(["import", "--from", folder.Store, half], null, folder.PathOf("file")).Succeeds();
        Assert.Equal(cids.Order(StringComparer.Ordinal),
            Command.Run(["ls"], null, folder.PathOf("file")).Succeeds().Lines.Select(line => line.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Data_of_a_version_that_is_not_read_is_bad_data_and_not_bad_usage()
    {
        using var folder = new TemporaryFolder();
        byte[] file = File.ReadAllBytes(Path.Combine(Command.Data, "arrow-ipc", "generated_primitive.arrow_file"));
        int size = BitConverter.ToInt32(file, file.Length - 10), start = file.Length - 10 - size;
        int table = start + BitConverter.ToInt32(file, start), slot = table - BitConverter.ToInt32(file, table) + 4;
        file[table + BitConverter.ToUInt16(file, slot)] = 1;
        Assert.Contains("V2 is not read", Command.Run(["hash", folder.Write("v2.arrow", file)]).Exits(4).Errors, StringComparison.Ordinal);
        (file[slot], file[slot + 1]) = (0, 0);
        Command.Run(["hash", folder.Write("absent.arrow", file)]).Succeeds();
    }

    private static string[] Put(TemporaryFolder folder) => Cids(Run(folder,
        "put", "--rows-per-block", "60000", "--dataset", "flights", Command.Sample))[..^1];

    private static string[] Cids(CommandResult result) => [.. result.Succeeds().Lines.Select(line => line.Split(' ')[0])];

    private static string[] Schema(TemporaryFolder folder, string cid) =>
        Run(folder, "cat", cid, "--format", "csv", "--head", "0").Succeeds().Lines[0].TrimEnd('\r').Split(',');

    private static CommandResult Run(TemporaryFolder folder, params string[] arguments) => Command.Run(arguments, null, folder.Store);
}
