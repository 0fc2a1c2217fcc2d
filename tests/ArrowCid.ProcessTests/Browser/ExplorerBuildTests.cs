using System.IO.Compression;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Http;

namespace ArrowCid.ProcessTests.Browser;

/// <summary>The files that the server embeds are what the sources give.</summary>
public sealed class ExplorerBuildTests
{
    private const int MostCompressed = 400 << 10;

    private static string Folder { get; } = Path.Combine(Command.Root, "src", "ArrowCid.Server", "Explorer");

    [HttpPeerFact(HttpPeer.Explorer)]
    public void Build_from_npm_gives_the_committed_files_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        string output = Path.Combine(folder.Name, "built");
        Command.Program("node", [Path.Combine(Folder, "build.mjs"), Path.Combine(Programs.Peers, "explorer", "node_modules"), output]).Exits(0);
        string[] names = [.. Directory.GetFiles(output).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(names, Directory.GetFiles(Path.Combine(Folder, "built")).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.All(names, name => Assert.True(
            File.ReadAllBytes(Path.Combine(output, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(Folder, "built", name))),
            $"{name} is not what 'node src/ArrowCid.Server/Explorer/build.mjs' makes of the sources"));
    }

    [Fact]
    public void Files_beside_apache_arrow_take_at_most_400_KiB_compressed()
    {
        long bytes = new[] { "source/index.html", "source/explorer.css", "built/explorer.js" }.Select(file => Path.Combine(Folder, file))
            .Sum(file =>
            {
                using var compressed = new MemoryStream();
                using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(File.ReadAllBytes(file));
                return compressed.Length;
            });
        Assert.InRange(bytes, 1, MostCompressed);
    }
}
