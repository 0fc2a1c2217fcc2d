using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Cli;

/// <summary>A release build has no fault points: no variable of the environment can kill a process that uses it.</summary>
public sealed class ReleaseBuildTests(ReleaseBuild release) : IClassFixture<ReleaseBuild>
{
    private const string Variable = "ARROWCID_CRASH_AT";
    private const int Killed = 128 + 9;

    [Fact]
    public void Release_library_has_no_fault_points_and_the_Debug_library_has()
    {
        Assert.Equal((0, false), FaultPoints(release.PathOf("ArrowCid.dll")));
        (int calls, bool readsVariable) = FaultPoints(typeof(CidStore).Assembly.Location);
        Assert.True(calls > 50, $"{calls} calls");
        Assert.True(readsVariable);
    }

    [Fact]
    public void Release_command_ignores_the_variable_of_the_fault_points()
    {
        using var folder = new TemporaryFolder();
        CommandResult Put(string dll) => CLibrary.Run("env", $"{Variable}=P3:1", "dotnet", dll, "put",
            Path.Combine(Command.Data, "vectors", "v1.arrows"), "--store", folder.Store);
        _ = Put(Command.Dll).Exits(Killed);
        _ = Put(release.PathOf("ArrowCid.Cli.dll")).Exits(0);
    }

    [Fact]
    public void Release_command_reports_the_variable_of_the_fault_points_as_unknown()
    {
        using var folder = new TemporaryFolder();
        CommandResult result = CLibrary.Run("env", $"{Variable}=P3:1", "dotnet", release.PathOf("ArrowCid.Cli.dll"),
            "config", "check", "--store", folder.Store).Exits(ErrorTable.ExitCode(ErrorCode.InvalidArgument));
        Assert.Contains(Variable, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Torture_refuses_to_start_when_its_library_has_no_fault_points()
    {
        using var folder = new TemporaryFolder();
        string program = folder.PathOf("ArrowCid.Torture.dll");
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll"))
            File.Copy(file, folder.PathOf(Path.GetFileName(file)));
        string runtime = Path.ChangeExtension(program, ".runtimeconfig.json");
        File.Copy(Path.Combine(AppContext.BaseDirectory, Path.GetFileName(runtime)), runtime);
        CommandResult Torture() => CLibrary.Run("dotnet", program, "--rounds", "1", "--seed", "1");
        _ = Torture().Exits(0);
        File.Copy(release.PathOf("ArrowCid.dll"), folder.PathOf("ArrowCid.dll"), overwrite: true);
        CommandResult refused = Torture().Exits(ErrorTable.ExitCode(ErrorCode.Unsupported));
        Assert.Contains("no fault points", refused.Errors, StringComparison.Ordinal);
    }

    [CLibraryFact("cc")]
    public void C_library_ignores_the_variable_of_the_fault_points()
    {
        using var folder = new TemporaryFolder();
        CLibrary.Compile("c/samples/producer.c", folder.PathOf("producer"));
        foreach (string step in (string[])["C0", "S1", "P0", "P3", "P5", "P6"])
            _ = CLibrary.Run("env", $"{Variable}={step}:1", folder.PathOf("producer"), folder.PathOf(step), "1").Exits(0);
    }

    /// <summary>Counts the calls of a library to its fault points, and looks for the name of their variable.</summary>
    private static (int Calls, bool ReadsVariable) FaultPoints(string library)
    {
        byte[] bytes = File.ReadAllBytes(library);
        using var file = new PEReader(new MemoryStream(bytes));
        MetadataReader metadata = file.GetMetadataReader();
        int pass = metadata.MethodDefinitions.Select(handle => (Handle: handle, Method: metadata.GetMethodDefinition(handle)))
            .Where(each => metadata.GetString(each.Method.Name) == "Pass" &&
                metadata.GetString(metadata.GetTypeDefinition(each.Method.GetDeclaringType()).Name) == "CrashPoint")
            .Select(each => MetadataTokens.GetToken(each.Handle)).Single();
        byte[] call = [(byte)ILOpCode.Call, .. BitConverter.GetBytes(pass)];
        int calls = 0;
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            int address = metadata.GetMethodDefinition(handle).RelativeVirtualAddress;
            if (address == 0) continue;
            ReadOnlySpan<byte> code = file.GetMethodBody(address).GetILBytes();
            for (int at; (at = code.IndexOf(call)) >= 0; code = code[(at + call.Length)..]) calls++;
        }

        return (calls, bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(Variable)) >= 0);
    }
}

/// <summary>The command and its libraries, built as Release beside the Debug build that the tests run on.</summary>
public sealed class ReleaseBuild
{
    private readonly Lazy<string> _folder = new(Build);

    /// <summary>The path of a built file.</summary>
    public string PathOf(string file) => Path.Combine(_folder.Value, file);

    private static string Build()
    {
        _ = CLibrary.Run("dotnet", "build", Path.Combine(Command.Root, "src", "ArrowCid.Cli", "ArrowCid.Cli.csproj"),
            "--configuration", "Release", "--no-restore", "--nologo", "--verbosity", "quiet", "-nodeReuse:false",
            "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false").Exits(0);
        return Path.Combine(Command.Root, ".artifacts", "bin", "ArrowCid.Cli", "release");
    }
}
