using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Security;
using System.Xml.Linq;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Packages;

/// <summary>
/// The packages of this build, in a folder that serves as a feed. Programs that refer to them are built without a
/// network: every other package comes from the folder that the tests themselves were restored to.
/// </summary>
public sealed class PackedFeed : IDisposable
{
    private static readonly TimeSpan s_watchdog = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder _folder = new();

    /// <summary>Packs the solution as it was built for the tests.</summary>
    public PackedFeed()
    {
        string configuration = typeof(PackedFeed).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="{Escaped(Feed)}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="restored" value="{Escaped(packages)}" /></fallbackPackageFolders>
            </configuration>
            """);
        _ = Dotnet("pack", Path.Combine(Command.Root, "ArrowCid.sln"), "--no-build", "--configuration", configuration,
            "--output", Feed, "--nologo", "--verbosity", "quiet", "-nodeReuse:false").Exits(0);
    }

    /// <summary>The version of all packages, which Directory.Build.props has.</summary>
    public static string Version { get; } = XDocument.Load(Path.Combine(Command.Root, "Directory.Build.props"))
        .Descendants("VersionPrefix").Single().Value;

    /// <summary>The folder with the packages.</summary>
    public string Feed => _folder.PathOf("feed");

    /// <summary>The path of a file of the test.</summary>
    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>Writes a file for a test.</summary>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>The names of the files of a package, without those that every package has.</summary>
    public string[] FilesOf(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf($"feed/{package}"));
        return
        [
            .. archive.Entries.Select(entry => entry.FullName)
                .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal)
                    && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml")
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>An XML file of a package.</summary>
    public XDocument XmlOf(string package, string file)
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf($"feed/{package}"));
        using Stream stream = archive.GetEntry(file)!.Open();
        return XDocument.Load(stream);
    }

    /// <summary>Builds a program that refers to one package.</summary>
    /// <returns>The path of its assembly.</returns>
    public string Build(string name, string package, string code)
    {
        Write($"{name}/Program.cs", code);
        string project = Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="{Version}" />
              </ItemGroup>
            </Project>
            """);
        _ = Dotnet("build", project, "--output", PathOf($"{name}/out"), "--nologo", "--verbosity", "quiet",
            "-nodeReuse:false").Exits(0);
        return PathOf($"{name}/out/{name}.dll");
    }

    /// <summary>Runs the SDK with a package cache of this feed's own.</summary>
    internal CommandResult Dotnet(params string[] arguments) => Run("dotnet", arguments);

    /// <summary>Runs a program in this feed's folder.</summary>
    internal CommandResult Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.Name,
        };
        // What was restored for this checkout must not be mistaken for what the packages give.
        start.Environment["NUGET_PACKAGES"] = PathOf("packages");
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(
            Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        start.Environment["ARROWCID_STORE"] = PathOf("store");
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        using var output = new MemoryStream();
        Task outputs = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_watchdog))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"killed after {s_watchdog}: {program} {string.Join(' ', arguments)}");
        }

        outputs.Wait();
        return new CommandResult($"{program} {string.Join(' ', arguments)}", process.ExitCode, output.ToArray(), errors.Result);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static string Escaped(string text) => SecurityElement.Escape(text)!;
}
