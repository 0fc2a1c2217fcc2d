using System.Security;
using System.Text;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>One program that holds the C# blocks of all documents, each as a class, and runs the one that is asked for.</summary>
public sealed class CSharpBlockProgram
{
    // What a reader's file has beside the usings of the block itself.
    private const string Usings = """
        using Apache.Arrow;
        using ArrowCid;
        using ArrowCid.Client;
        using ArrowCid.Transfer;
        using ArrowCid.Transfer.Backup;
        using ArrowCid.Transfer.Backends;
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Hosting;
        using Microsoft.Extensions.Configuration;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;

        """;

    private static readonly string[] s_assemblies =
    [
        "ArrowCid", "ArrowCid.Memory", "ArrowCid.Client", "ArrowCid.Extensions.DependencyInjection", "ArrowCid.S3", "ArrowCid.Server",
        "Apache.Arrow",
    ];

    private const string FreePorts = "new CidServerOptions { Flight = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),"
        + " Http = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0) }";

    private readonly Lock _gate = new();
    private Lazy<string>? _assembly;

    /// <summary>Builds the program, unless it is built.</summary>
    /// <param name="world">Where it is built, and what the blocks name.</param>
    /// <param name="around">The statements before and after a block.</param>
    /// <returns>The program's assembly.</returns>
    internal string Build(BlockWorld world, Func<CodeBlock, (string Before, string After)> around)
    {
        lock (_gate) _assembly ??= new Lazy<string>(() => BuildNow(world, around));
        // One that does not compile is not tried again.
        return _assembly.Value;
    }

    private static string BuildNow(BlockWorld world, Func<CodeBlock, (string Before, string After)> around)
    {
        var main = new StringBuilder("switch (args[0])\n{\n");
        foreach (CodeBlock block in Documents.Paths().SelectMany(Documents.BlocksOf)
            .Where(block => block.Language == "csharp" && block.NotRun is null && CanRun(block)))
        {
            string name = $"Block{string.Concat($"{block.Document}{block.Number}".Where(char.IsLetterOrDigit))}";
            main.Append($"    case \"{block.Document} {block.Number}\": await {name}.Run(args); break;\n");
            // A port that a server of the machine may have is no port for a test.
            string text = world.Localize(block.Text).Replace("new CidServerOptions()", FreePorts, StringComparison.Ordinal);
            string[] lines = text.Split('\n');
            IEnumerable<string> usings = lines.Where(line => line.StartsWith("using ArrowCid", StringComparison.Ordinal));
            (string before, string after) = around(block);
            world.Write($"program/{name}.cs", $$"""
                #pragma warning disable CS8019, CS0105, CS1998
                {{Usings}}
                {{string.Join('\n', usings)}}

                static class {{name}}
                {
                    static readonly RecordBatch batch = new RecordBatch.Builder()
                        .Append("px", true, column => column.Double(px => px.AppendRange([101.5, 101.75, 101.25])))
                        .Build();

                    static void Expect(bool holds, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(holds))] string text = "")
                    {
                        if (!holds) throw new InvalidOperationException($"does not hold: {text}");
                    }

                    public static async Task Run(string[] args)
                    {
                        {{world.Localize(before)}}
                #line 1 "{{block.Document}}"
                {{string.Join('\n', lines.Where(line => !IsUsing(line)))}}
                #line default
                        {{after}}
                    }
                }
                """);
        }

        world.Write("program/Program.cs", $"{main}    default: return 2;\n}}\n\nreturn 0;\n");
        world.Write("program/nuget.config", "<configuration><packageSources><clear /></packageSources></configuration>");
        IEnumerable<string> references = s_assemblies.Select(name =>
            $"""<Reference Include="{name}" HintPath="{SecurityElement.Escape(Path.Combine(AppContext.BaseDirectory, name))}.dll" />""");
        string project = world.Write("program/blocks.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <UseAppHost>false</UseAppHost>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
                {string.Concat(references)}
              </ItemGroup>
            </Project>
            """);
        string output = Path.Combine(world.Work, "program", "out");
        _ = CLibrary.Run("dotnet", "build", project, "--output", output, "--nologo", "--verbosity", "quiet",
            "-nodeReuse:false").Exits(0);
        return Path.Combine(output, "blocks.dll");
    }

    /// <summary>False for a block that needs a server which is not there: its test is skipped.</summary>
    private static bool CanRun(CodeBlock block) =>
        !block.Text.Contains("s3://", StringComparison.Ordinal) || Programs.WhySkip(Programs.Moto) is null;

    private static bool IsUsing(string line) =>
        line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=') && !line.Contains('(');
}
