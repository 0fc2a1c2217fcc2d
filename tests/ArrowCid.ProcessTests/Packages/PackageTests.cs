using System.Text.Json;
using System.Xml.Linq;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Packages;

/// <summary>The packages of NuGet hold what their users need, and work where nothing but them is installed.</summary>
public sealed class PackageTests(PackedFeed feed) : IClassFixture<PackedFeed>
{
    private const string Tool = "ArrowCid.Tool";

    // Built in seconds; how the others are built differs in nothing.
    private const string Small = "ArrowCid.Memory";

    // An assembly without sources has less.
    private const int LeastOfSmall = 1 << 15;

    // What a package depends on of the others; each asks for exactly its own version of them.
    private static readonly Dictionary<string, string[]> s_packages = new()
    {
        ["ArrowCid"] = [],
        ["ArrowCid.Client"] = ["ArrowCid"],
        ["ArrowCid.Extensions.DependencyInjection"] = ["ArrowCid"],
        ["ArrowCid.Postgres"] = ["ArrowCid"],
        ["ArrowCid.S3"] = ["ArrowCid"],
        ["ArrowCid.Server"] = ["ArrowCid", "ArrowCid.Client"],
        [Tool] = [],
    };

    public static TheoryData<string> Packages => new(s_packages.Keys);

    [Fact]
    public void Pack_of_the_solution_gives_exactly_the_packages_and_their_symbols()
    {
        Assert.Equal(
            s_packages.Keys.SelectMany(id => new[] { FileOf(id), FileOf(id, "snupkg") }).Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(feed.Feed).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void Package_says_what_it_is_and_pins_the_others(string id)
    {
        XElement metadata = feed.XmlOf(FileOf(id), $"{id}.nuspec").Root!.Elements().Single();
        string? Value(string name) => metadata.Elements().SingleOrDefault(e => e.Name.LocalName == name)?.Value;
        Assert.Equal(id, Value("id"));
        Assert.Equal(PackedFeed.Version, Value("version"));
        Assert.Equal("Apache-2.0", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.Contains("README.md", feed.FilesOf(FileOf(id)));
        Assert.NotEqual("Package Description", Value("description"));
        Assert.Contains("apache-arrow", Value("tags"), StringComparison.Ordinal);
        Assert.Equal("git", metadata.Descendants().Single(e => e.Name.LocalName == "repository").Attribute("type")?.Value);
        Assert.Equal(s_packages[id].Select(other => $"{other} [{PackedFeed.Version}]"),
            metadata.Descendants().Where(e => e.Name.LocalName == "dependency")
                .Select(e => $"{e.Attribute("id")!.Value} {e.Attribute("version")!.Value}")
                .Where(text => text.StartsWith("ArrowCid", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Library_package_carries_the_memory_assembly()
    {
        Assert.Equal(
            [
                "ArrowCid.nuspec", "README.md", "lib/net10.0/ArrowCid.Memory.dll", "lib/net10.0/ArrowCid.dll",
                "lib/net10.0/ArrowCid.xml",
            ], feed.FilesOf(FileOf("ArrowCid")));
        Assert.Equal(["ArrowCid.nuspec", "lib/net10.0/ArrowCid.Memory.pdb", "lib/net10.0/ArrowCid.pdb"],
            feed.FilesOf(FileOf("ArrowCid", "snupkg")));
    }

    [Fact]
    public void Package_documents_all_public_types_and_no_internal_member()
    {
        string[] members =
        [
            .. feed.XmlOf(FileOf("ArrowCid"), "lib/net10.0/ArrowCid.xml").Descendants("member")
                .Select(member => member.Attribute("name")!.Value),
        ];
        Assert.Equal(
            typeof(CidStore).Assembly.GetExportedTypes().Select(type => "T:" + type.FullName!.Replace('+', '.')).Order(StringComparer.Ordinal),
            members.Where(name => name[0] == 'T').Order(StringComparer.Ordinal));
        // The overload that takes the engine's own batch is internal.
        Assert.Equal(
            ["M:ArrowCid.CidStore.Put(Apache.Arrow.RecordBatch,ArrowCid.PutOptions)"],
            members.Where(name => name.StartsWith("M:ArrowCid.CidStore.Put(", StringComparison.Ordinal)));
        Assert.Contains("M:ArrowCid.BatchLease.Column``1(System.String)", members);
    }

    [Fact]
    public void Tool_installs_from_its_package_and_hashes_a_batch()
    {
        _ = feed.Dotnet("tool", "install", Tool, "--tool-path", feed.PathOf("tools"), "--configfile",
            feed.PathOf("nuget.config"), "--version", PackedFeed.Version).Exits(0);
        string sample = Path.Combine(Command.Data, "vectors", "v1.arrows");
        CommandResult installed = feed.Run(feed.PathOf("tools/arrowcid"), "hash", sample).Succeeds();
        Assert.Equal(Command.Run("hash", sample).Succeeds().Text, installed.Text);
        // The demo's flights are part of the tool.
        Assert.Contains(Directory.EnumerateFiles(feed.PathOf("tools"), "flights-200k.arrow", SearchOption.AllDirectories),
            path => path.EndsWith("/samples/flights-200k.arrow", StringComparison.Ordinal));
    }

    [Fact]
    public void Program_with_the_library_package_puts_a_batch_and_reads_it_back()
    {
        string program = feed.Build("library", "ArrowCid", """
            using Apache.Arrow;
            using ArrowCid;

            using var store = CidStore.Open(args[0]);
            RecordBatch batch = new RecordBatch.Builder()
                .Append("px", true, column => column.Double(px => px.AppendRange([101.5, 101.75])))
                .Build();
            PutResult put = store.Put(batch);
            using BatchLease? lease = store.TryGet(put.Cid);
            Console.WriteLine($"{put.IsNew} {lease!.Column<double>("px").Values[1]}");
            """);
        Assert.Equal("True 101.75\n", feed.Dotnet(program, feed.PathOf("quotes")).Succeeds().Text);
        Assert.Equal(["Microsoft.NETCore.App"], FrameworksOf(program));
    }

    [Fact]
    public void Program_with_the_client_package_alone_calls_a_server_and_needs_no_ASP_NET_Core()
    {
        string program = feed.Build("client", "ArrowCid.Client", """
            using Apache.Arrow;
            using ArrowCid;
            using ArrowCid.Client;

            using var client = new CidClient(new Uri(args[0]), new CidClientOptions { Token = args[1], UseLocalStore = false });
            RecordBatch batch = new RecordBatch.Builder()
                .Append("px", true, column => column.Double(px => px.AppendRange([101.5, 101.75])))
                .Build();
            PutResult put = await client.PutAsync(batch);
            using RemoteBatch? fetched = await client.TryGetAsync(put.Cid);
            Console.WriteLine($"{put.IsNew} {fetched!.IsShared} {fetched.Column<double>("px").Values[1]}");
            """);
        using ServedStore served = ServedStore.Start();
        Assert.Equal("True False 101.75\n", feed.Dotnet(program, served.Flight, served.Token).Succeeds().Text);
        Assert.Equal(["Microsoft.NETCore.App"], FrameworksOf(program));
        using JsonDocument dependencies = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(program, ".deps.json")));
        Assert.DoesNotContain(dependencies.RootElement.GetProperty("libraries").EnumerateObject(),
            library => library.Name.Contains("AspNetCore", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Assembly_has_the_same_bytes_when_it_is_built_twice_in_different_folders()
    {
        string[] roots = [feed.PathOf("once"), feed.PathOf("again/in/a/longer/path")];
        Dictionary<string, byte[]>[] builds = await Task.WhenAll(roots.Select(root => Task.Run(() => BuildCopy(root))));
        Assert.Equal([$"{Small}.dll", $"{Small}.pdb"], builds[0].Keys.Order(StringComparer.Ordinal));
        Assert.True(builds[0][$"{Small}.dll"].Length > LeastOfSmall, "the sources of the project are in the copy");
        Assert.All(builds[0], built => Assert.True(built.Value.AsSpan().SequenceEqual(builds[1][built.Key]), built.Key));
    }

    /// <summary>Builds a copy of the smallest project's sources as Release.</summary>
    private Dictionary<string, byte[]> BuildCopy(string root)
    {
        IEnumerable<string> sources = Directory.EnumerateFiles(Path.Combine(Command.Root, "src"))
            .Append(Path.Combine(Command.Root, "Directory.Build.props"))
            .Concat(Directory.EnumerateFiles(Path.Combine(Command.Root, "src", Small), "*", SearchOption.AllDirectories));
        foreach (string source in sources)
        {
            string copy = Path.Combine(root, Path.GetRelativePath(Command.Root, source));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(source, copy);
        }

        _ = feed.Dotnet("build", Path.Combine(root, "src", Small, $"{Small}.csproj"), "--configuration", "Release",
            "--nologo", "--verbosity", "quiet", "-nodeReuse:false",
            "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false").Exits(0);
        string output = Path.Combine(root, ".artifacts", "bin", Small, "release");
        return Directory.EnumerateFiles(output).Where(path => Path.GetExtension(path) is ".dll" or ".pdb")
            .ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
    }

    private static string FileOf(string id, string extension = "nupkg") => $"{id}.{PackedFeed.Version}.{extension}";

    /// <summary>The shared frameworks that a built program starts with.</summary>
    private static string[] FrameworksOf(string program)
    {
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(program, ".runtimeconfig.json")));
        JsonElement options = config.RootElement.GetProperty("runtimeOptions");
        return options.TryGetProperty("frameworks", out JsonElement several)
            ? [.. several.EnumerateArray().Select(each => each.GetProperty("name").GetString()!)]
            : [options.GetProperty("framework").GetProperty("name").GetString()!];
    }
}
