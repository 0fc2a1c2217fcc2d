using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Packages;

/// <summary>The container image is made by the SDK alone, on an image of a registry on this machine.</summary>
public sealed class ContainerTests
{
    [Fact]
    public void Image_starts_the_server_as_a_user_without_privileges_and_holds_the_command()
    {
        using var folder = new TemporaryFolder();
        using var registry = new LocalRegistry();
        string configuration = typeof(ContainerTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        string archive = folder.PathOf("arrowcid.tar.gz");
        _ = CLibrary.Run("env",
        [
            $"DOTNET_CONTAINER_INSECURE_REGISTRIES={registry.Host}", "dotnet", "publish",
            Path.Combine(Command.Root, "src", "ArrowCid.Cli"), "-t:PublishContainer", "--no-build", "-c", configuration, "--nologo",
            "-v", "quiet", "-nodeReuse:false", $"-p:ContainerBaseImage={registry.Image}", $"-p:ContainerArchiveOutputPath={archive}",
            $"-p:PublishDir={folder.PathOf("published")}/",
        ]).Exits(0);

        string image = folder.PathOf("image");
        Extract(archive, image);
        using JsonDocument manifest = Json(Path.Combine(image, "manifest.json"));
        JsonElement entry = manifest.RootElement[0];
        Assert.Equal(["arrowcid:latest", $"arrowcid:{PackedFeed.Version}"], Texts(entry.GetProperty("RepoTags")).Order(StringComparer.Ordinal).Reverse());
        using JsonDocument file = Json(Path.Combine(image, entry.GetProperty("Config").GetString()!));
        JsonElement config = file.RootElement.GetProperty("config");
        Assert.Equal(["dotnet", "/app/ArrowCid.Cli.dll"], Texts(config.GetProperty("Entrypoint")));
        Assert.Equal(["serve"], Texts(config.GetProperty("Cmd")));
        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal(["8815/tcp", "8816/tcp"], config.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name).Order(StringComparer.Ordinal));
        Assert.Contains("ARROWCID_STORE=/dev/shm/arrowcid", Texts(config.GetProperty("Env")));

        string root = folder.PathOf("root");
        foreach (string layer in Texts(entry.GetProperty("Layers"))) Extract(Path.Combine(image, layer), root);
        Assert.True(File.Exists(Path.Combine(root, "etc", "base")), "the layer of the base image");
        CommandResult started = CLibrary.Run("dotnet", Path.Combine(root, "app", "ArrowCid.Cli.dll"), "--version").Succeeds();
        Assert.StartsWith(PackedFeed.Version, started.Text.Replace("arrowcid ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Image_is_based_on_the_runtime_of_ASP_NET_Core_unless_another_one_is_named()
    {
        CommandResult computed = CLibrary.Run("dotnet", "msbuild", Path.Combine(Command.Root, "src", "ArrowCid.Cli"),
            "-t:ComputeContainerBaseImage", "-getProperty:ContainerBaseImage", "-nodeReuse:false").Succeeds();
        Assert.EndsWith("/dotnet/aspnet:10.0", computed.Text.Trim(), StringComparison.Ordinal);
    }

    private static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(each => each.GetString()!)];

    private static JsonDocument Json(string path) => JsonDocument.Parse(File.ReadAllBytes(path));

    private static void Extract(string path, string folder)
    {
        Directory.CreateDirectory(folder);
        using FileStream file = File.OpenRead(path);
        bool isCompressed = file.ReadByte() == 0x1f;
        file.Position = 0;
        using Stream tar = isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        TarFile.ExtractToDirectory(tar, folder, overwriteFiles: true);
    }
}
