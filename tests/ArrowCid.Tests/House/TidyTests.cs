namespace ArrowCid.Tests.House;

/// <summary>The sources keep the house's rules, and the rules find what they look for.</summary>
public class TidyTests
{
    private static readonly Lazy<IReadOnlyList<CSharpSource>> s_sources = new(() =>
        new[] { "src", "tests", "samples" }
            .SelectMany(folder => Repository.FilesBelow(folder, ".cs"))
            .Select(CSharpSource.Read)
            .ToList());

    [Fact]
    public void A_folder_uses_only_the_folders_below_it() => AssertNone(TidyRules.LayerOrder(s_sources.Value));

    [Fact]
    public void A_folder_of_the_server_uses_only_the_folders_below_it() =>
        AssertNone(TidyRules.FlightLayerOrder(s_sources.Value));

    [Fact]
    public void A_folder_of_the_server_that_looks_up_is_found()
    {
        foreach ((string path, string space) in new[]
        {
            ("src/ArrowCid.Server/Grpc/A.cs", "ArrowCid.Server"), ("src/ArrowCid.Client/Grpc/A.cs", "ArrowCid.Flight"),
        })
        {
            string text = $"using {space}.Service;\nnamespace {space}.Grpc;";
            string finding = Assert.Single(TidyRules.FlightLayerOrder([CSharpSource.Of(path, text)]));
            Assert.StartsWith($"{path}:1: 'Grpc' uses Service", finding, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_command_looks_behind_the_public_face_in_one_folder_alone()
    {
        AssertNone(TidyRules.CommandFolders(s_sources.Value));
        AssertNone(TidyRules.ApacheFiles(s_sources.Value));
        Assert.Single(TidyRules.CommandFolders(
            [CSharpSource.Of("src/ArrowCid.Cli/Verbs/A.cs", "using ArrowCid.Storage;")]));
    }

    [Fact]
    public void Unsafe_calls_stand_in_the_unsafe_assembly_alone() => AssertNone(TidyRules.UnsafeCalls(s_sources.Value));

    [Fact]
    public void Unsafe_code_says_why_it_is_safe() => AssertNone(TidyRules.SafetyLines(s_sources.Value));

    [Fact]
    public void Nothing_is_left_for_later() => AssertNone(TidyRules.Leftovers(s_sources.Value));

    [Fact]
    public void Files_and_lines_are_short_enough() => AssertNone(TidyRules.Lengths(s_sources.Value));

    [Fact]
    public void Type_names_say_what_the_type_is() => AssertNone(TidyRules.TypeNames(s_sources.Value));

    [Fact]
    public void Source_file_holds_one_type_and_has_its_name()
    {
        AssertNone(TidyRules.FileNames(s_sources.Value));
        Assert.Single(TidyRules.FileNames([CSharpSource.Of("src/ArrowCid/Ipc/A.cs", "class A;\nclass B;")]));
        Assert.Single(TidyRules.FileNames([CSharpSource.Of("src/ArrowCid/Ipc/A.cs", "class B;")]));
        Assert.Empty(TidyRules.FileNames([CSharpSource.Of("src/ArrowCid/Ipc/A.Part.cs", "class A\n{\n    class B;\n}")]));
    }

    [Fact]
    public void Library_messages_name_no_verb_and_no_flag_of_the_command()
    {
        string reference = File.ReadAllText(Repository.PathOf("src/docs/commands.md"));
        AssertNone(TidyRules.CommandWords(s_sources.Value, reference));
        foreach (string literal in new[] { "\"run 'arrowcid doctor --fix'\"", "$\"{a}; run 'arrowcid log check'\"", "\"see --hosts\"" })
            Assert.Single(TidyRules.CommandWords([CSharpSource.Of("src/ArrowCid.Server/A.cs", $"\nstring a = {literal};")], reference));
        string[] others = ["// run 'arrowcid doctor'", "a = \"arrowcid version \";", "a = \"a -- b\"; b = c --d;"];
        foreach (string other in others)
            Assert.Empty(TidyRules.CommandWords([CSharpSource.Of("src/ArrowCid/A.cs", other)], reference));
        Assert.Empty(TidyRules.CommandWords([CSharpSource.Of("src/ArrowCid.Cli/A.cs", "a = \"--fix\";")], reference));
    }

    [Fact]
    public void Tests_do_not_sleep() => AssertNone(TidyRules.Sleeps(s_sources.Value));

    [Fact]
    public void Framework_branches_stand_in_the_unsafe_assembly_alone() =>
        AssertNone(TidyRules.FrameworkBranches(s_sources.Value));

    [Fact]
    public void Unsafe_blocks_are_compiled_in_the_unsafe_assembly_alone()
    {
        var projects = new[] { "src", "tests", "samples" }
            .SelectMany(folder => Repository.FilesBelow(folder, ".csproj", ".props", ".targets"))
            .Append("Directory.Build.props")
            .Select(path => (path, File.ReadAllText(Repository.PathOf(path))))
            .ToList();
        Assert.Contains(projects, p => p.path == "src/ArrowCid.Memory/ArrowCid.Memory.csproj");
        AssertNone(TidyRules.UnsafeProjects(projects));
    }

    [Fact]
    public void The_top_level_is_as_it_was_given()
    {
        IReadOnlyList<string> entries = Repository.TopLevel();
        Assert.Contains("ArrowCid.sln", entries);
        AssertNone(TidyRules.TopLevel(entries));
    }

    [Fact]
    public void The_sources_are_all_looked_at()
    {
        Assert.Contains(s_sources.Value, s => s.Path == "src/ArrowCid/Errors/ArrowCidException.cs");
        Assert.Contains(s_sources.Value, s => s.Path == "tests/ArrowCid.Tests/House/TidyTests.cs");
    }

    [Theory]
    [InlineData("src/ArrowCid/Ipc/A.cs", "using A = Apache.Arrow;", 1)]
    [InlineData("src/ArrowCid.Native/A.cs", "ToApache.Batch(batch);", 1)]
    [InlineData("src/ArrowCid/Ipc/A.cs", "// Apache.Arrow in a comment", 0)]
    [InlineData("src/ArrowCid/Ipc/A.Apache.cs", "using A = Apache.Arrow;", 0)]
    [InlineData("src/ArrowCid/Columnar/Bridge/A.cs", "using A = Apache.Arrow;", 0)]
    public void Apache_Arrow_outside_of_the_bridge_is_found(string path, string text, int findings) =>
        Assert.Equal(findings, TidyRules.ApacheFiles([CSharpSource.Of(path, text)]).Count());

    [Theory]
    [InlineData("src/ArrowCid/Columnar/A.cs", "using ArrowCid.Ipc;")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "var x = new ArrowCid.Storage.Segment();")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "var x = new Storage.Segment();")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "namespace ArrowCid.Ipc;")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "CidStore store;")]
    [InlineData("src/ArrowCid/Multiformats/Cid.cs", "using ArrowCid.Columnar;")]
    [InlineData("src/ArrowCid/Multiformats/Cid.cs", "BatchLease? lease;")]
    [InlineData("src/ArrowCid/Other/A.cs", "class A;")]
    [InlineData("src/ArrowCid/Ipc/A.cs", "global using ArrowCid.Columnar;")]
    public void A_wrong_dependency_is_found(string path, string text) => Assert.Single(Layers(path, text));

    [Theory]
    [InlineData("src/ArrowCid/Ipc/A.cs", "using ArrowCid.Columnar;")]
    [InlineData("src/ArrowCid/Ipc/A.cs", "namespace ArrowCid.Ipc;")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "return Storage.Length + other.Storage.Segment;")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "// CidStore and ArrowCid.Storage in a comment")]
    [InlineData("src/ArrowCid/Columnar/A.cs", "throw new E(\"CidStore, ArrowCid.Storage\");")]
    [InlineData("src/ArrowCid/Store/CidStoreOptions.cs", "using ArrowCid.Transfer; CidStore store;")]
    [InlineData("src/ArrowCid.Server/A.cs", "using ArrowCid.Transfer; CidStore store;")]
    public void A_right_dependency_is_not_found(string path, string text) => Assert.Empty(Layers(path, text));

    [Theory]
    [InlineData("src/ArrowCid/A.cs", "ref byte b = ref MemoryMarshal.GetReference(span);")]
    [InlineData("src/ArrowCid/A.cs", "[LibraryImport(\"c\")]")]
    [InlineData("samples/quotes/A.cs", "Unsafe.As<A>(o)")]
    [InlineData("src/ArrowCid.Memory/A.cs", "unsafe { }")]
    [InlineData("src/ArrowCid.Memory/A.cs", "unsafe { } // it is safe")]
    [InlineData("tests/ArrowCid.Tests/A.cs", "Thread.Sleep(1);")]
    [InlineData("tests/ArrowCid.Tests/A.cs", "await Task.Delay(1);")]
    [InlineData("src/ArrowCid/A.cs", "#if NET10_0_OR_GREATER")]
    [InlineData("src/ArrowCid/A.cs", "internal sealed class SegmentManager { }")]
    [InlineData("src/ArrowCid/A.cs", "static class ArrowUtils;")]
    [InlineData("src/ArrowCid/A.cs", "// TO" + "DO later")]
    [InlineData("src/ArrowCid/A.cs", "throw new NotImplemented" + "Exception();")]
    public void A_broken_rule_is_found_in_one_line(string path, string text)
    {
        string finding = Assert.Single(AllRules([CSharpSource.Of(path, text)]));
        Assert.StartsWith($"{path}:1: ", finding, StringComparison.Ordinal);
        Assert.Contains(";", finding, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/ArrowCid/A.cs", "MemoryMarshal.Cast<byte, int>(span)")]
    [InlineData("src/ArrowCid/A.cs", "/* Unsafe.As */ var a = @\"Unsafe.As \"\" \"; char c = '\"';")]
    [InlineData("src/ArrowCid/A.cs", "var b = \"\"\"\n\"Unsafe.As\"\n\"\"\"; var c = $\"Unsafe.As \\\" \";")]
    [InlineData("src/ArrowCid.Memory/A.cs", "// SAFETY: the caller holds the lease.\nunsafe { }")]
    [InlineData("src/ArrowCid.Memory/A.cs", "#if NET10_0_OR_GREATER")]
    [InlineData("src/ArrowCid/A.cs", "internal sealed class Managed : MemoryManager<byte>;")]
    [InlineData("src/ArrowCid/A.cs", "Thread.Sleep(1);")]
    public void What_no_rule_forbids_is_not_found(string path, string text) =>
        Assert.Empty(AllRules([CSharpSource.Of(path, text)]));

    [Fact]
    public void Long_files_and_lines_are_found()
    {
        string text = string.Join('\n', Enumerable.Repeat("//", 701)) + "\n// " + new string('x', 120) + "\n";
        string[] findings = [.. TidyRules.Lengths([CSharpSource.Of("src/ArrowCid/A.cs", text)])];
        Assert.Equal(2, findings.Length);
        Assert.StartsWith("src/ArrowCid/A.cs:701: 702 lines", findings[0], StringComparison.Ordinal);
        Assert.StartsWith("src/ArrowCid/A.cs:702: 123 characters", findings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Strange_projects_and_top_level_entries_are_found()
    {
        Assert.Single(TidyRules.UnsafeProjects([("src/ArrowCid/ArrowCid.csproj", "<AllowUnsafeBlocks>")]));
        Assert.Equal(["docs:1"], TidyRules.TopLevel(["src", ".ci", "docs"]).Select(f => f[..6]));
    }

    private static List<string> Layers(string path, string text) =>
    [
        .. TidyRules.LayerOrder(
        [
            CSharpSource.Of("src/ArrowCid/Store/CidStore.cs", "public sealed class CidStore;"),
            CSharpSource.Of("src/ArrowCid/Store/BatchLease.cs", "public sealed class BatchLease;"),
            CSharpSource.Of("src/ArrowCid/Storage/Segment.cs", "namespace ArrowCid.Storage; class Segment;"),
            CSharpSource.Of(path, text),
        ]),
    ];

    private static IEnumerable<string> AllRules(IReadOnlyList<CSharpSource> sources) =>
    [
        .. TidyRules.LayerOrder(sources), .. TidyRules.UnsafeCalls(sources), .. TidyRules.SafetyLines(sources),
        .. TidyRules.Leftovers(sources), .. TidyRules.Lengths(sources), .. TidyRules.TypeNames(sources),
        .. TidyRules.Sleeps(sources), .. TidyRules.FrameworkBranches(sources),
    ];

    private static void AssertNone(IEnumerable<string> findings)
    {
        List<string> found = findings.ToList();
        Assert.True(found.Count == 0, $"{found.Count} findings:\n{string.Join('\n', found)}");
    }
}
