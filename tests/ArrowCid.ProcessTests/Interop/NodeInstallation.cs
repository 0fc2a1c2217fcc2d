using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>
/// The npm package as a user gets it: packed with the library in it, and installed with apache-arrow into a folder that
/// knows nothing of this tree. What it is tested with is copied beside it.
/// </summary>
public sealed class NodeInstallation : IDisposable
{
    private readonly Lazy<string> _folder = new(Install);

    /// <summary>The folder.</summary>
    public string Folder => _folder.Value;

    public void Dispose()
    {
        if (_folder.IsValueCreated) Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The command that runs a script of the folder, without a library but the package's own.</summary>
    internal string[] Script(string script, params string[] arguments) =>
        ["-u", "ARROWCID_LIBRARY", $"ARROWCID_FLIGHTS={Command.Sample}", "node", Path.Combine(Folder, script), .. arguments];

    private static string Install()
    {
        string folder = Directory.CreateTempSubdirectory("arrowcid-npm-").FullName;
        _ = CLibrary.Run("env", $"ARROWCID_LIBRARY={CLibrary.File}", CLibrary.PathOf("node/pack"), folder).Exits(0);
        string package = Assert.Single(Directory.GetFiles(folder, "arrowcid-*.tgz"));
        File.WriteAllText(Path.Combine(folder, "package.json"), """{"private": true, "type": "module"}""");
        _ = CLibrary.Run("npm", "install", "--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund",
            "--ignore-scripts", "--loglevel=error", package, "apache-arrow@21.2.0").Exits(0);
        foreach (string source in Directory.GetFiles(CLibrary.PathOf("node/arrowcid/test"), "*.js")
            .Concat(Directory.GetFiles(Path.Combine(Command.Root, "samples", "shared-memory", "node"), "*.js")))
        {
            File.Copy(source, Path.Combine(folder, Path.GetFileName(source)));
        }

        return folder;
    }
}

/// <summary>Tests that share one installation.</summary>
[CollectionDefinition(Name)]
public sealed class NodeCollection : ICollectionFixture<NodeInstallation>
{
    public const string Name = "node";
}
