using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The C tests of the library pass on its static build and on its build for arm64 too.</summary>
public sealed class BuiltLibraryTests
{
    [StaticLibraryTheory("cc", "readelf", "nm")]
    [InlineData("abi")]
    [InlineData("store")]
    [InlineData("arrays")]
    [InlineData("watch")]
    [InlineData("fork")]
    [InlineData("threads")]
    public void Program_linked_with_the_static_library_finds_everything_as_the_header_says(string name)
    {
        using var folder = new TemporaryFolder(isMemory: true);
        string program = folder.PathOf($"{name}-program");
        Compile("cc", name, program, BuiltLibrary.Static, Path.Combine(BuiltLibrary.Static, "libarrowcid.a"), "-ldl", "-lrt", "-lm");
        Assert.DoesNotContain("libarrowcid", CLibrary.Run("readelf", "-d", program).Exits(0).Text, StringComparison.Ordinal);
        Assert.Equal(["ok"], CLibrary.Run(program, ArgumentsOf(name, folder)).Exits(0).Lines);
    }

    [StaticLibraryTheory("nm")]
    [InlineData("libarrowcid.a")]
    public void Static_library_shows_the_functions_of_the_header_alone(string file)
    {
        string[] Defined(params string[] arguments) =>
        [
            .. CLibrary.Run("nm", arguments).Exits(0).Lines.Where(line => line.Contains(" T ", StringComparison.Ordinal))
                .Select(line => line.Split(' ')[^1]).Order(StringComparer.Ordinal),
        ];
        string[] shown = Defined("--defined-only", "--extern-only", Path.Combine(BuiltLibrary.Static, file));
        Assert.Equal(Defined("-D", "--defined-only", CLibrary.File), shown);
        Assert.All(shown, name => Assert.StartsWith("arrowcid_", name, StringComparison.Ordinal));
    }

    /// <summary>Without the test of forks: the emulator does not wipe the page that tells a child from its
    /// parent.</summary>
    [Arm64Theory]
    [InlineData("abi")]
    [InlineData("store")]
    [InlineData("arrays")]
    [InlineData("watch")]
    [InlineData("threads")]
    public void Program_for_arm64_finds_everything_as_the_header_says(string name)
    {
        using var folder = new TemporaryFolder(isMemory: true);
        string program = folder.PathOf($"{name}-program");
        Compile(BuiltLibrary.ArmCompiler, name, program, BuiltLibrary.Arm64, "-L", BuiltLibrary.Arm64, "-larrowcid",
            $"-Wl,-rpath,{BuiltLibrary.Arm64}");
        // The emulator cannot reserve as much address space as the collector asks for.
        string[] command =
        [
            "DOTNET_GCHeapHardLimit=0x10000000", BuiltLibrary.Emulator, "-L", "/usr/aarch64-linux-gnu", "-E",
            $"LD_LIBRARY_PATH={BuiltLibrary.Arm64OpenSsl}", program,
            .. ArgumentsOf(name, folder),
        ];
        Assert.Equal(["ok"], CLibrary.Run("env", command).Exits(0).Lines);
    }

    private static void Compile(string compiler, string name, string program, string headers, params string[] link) =>
        _ = CLibrary.Run(compiler,
        [
            "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-I", headers, CLibrary.PathOf($"c/tests/{name}.c"), "-o", program,
            .. link, "-lpthread",
        ]).Exits(0);

    private static string[] ArgumentsOf(string name, TemporaryFolder folder) => name switch
    {
        "abi" => [],
        "store" => [folder.Store, Path.Combine(Command.Data, "vectors", "more", "random-1.arrows")],
        _ => [folder.Store],
    };
}
