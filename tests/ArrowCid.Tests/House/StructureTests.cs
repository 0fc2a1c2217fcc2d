namespace ArrowCid.Tests.House;

/// <summary>The sub-folders of the library keep their order, and its classes can be read whole.</summary>
public class StructureTests
{
    private const string File = "tests/ArrowCid.Tests/House/structure.txt";

    private static readonly Lazy<IReadOnlyList<CSharpSource>> s_sources = new(() =>
        Repository.FilesBelow("src", ".cs").Select(CSharpSource.Read).ToList());

    [Fact]
    public void Structure_is_no_worse_than_it_is_written_down()
    {
        SortedDictionary<string, int> counted = StructureRules.UpwardUses(s_sources.Value);
        foreach ((string key, int count) in StructureRules.LargeClasses(s_sources.Value)) counted[key] = count;
        if (Environment.GetEnvironmentVariable("ARROWCID_ACCEPT_STRUCTURE") == "1")
        {
            System.IO.File.WriteAllLines(Repository.PathOf(File),
            [
                "# References from a sub-folder of src/ArrowCid to one that ranks above it, and partial classes over",
                "# 800 lines, in hundreds. A count may only fall; ARROWCID_ACCEPT_STRUCTURE=1 writes them down.",
                .. counted.Select(each => $"{each.Key} {each.Value}"),
            ]);
        }

        AssertNone(StructureRules.Changes(counted, System.IO.File.ReadAllLines(Repository.PathOf(File))));
    }

    [Fact]
    public void Sub_folder_of_the_library_has_a_rank() => AssertNone(StructureRules.Unranked(s_sources.Value));

    [Fact]
    public void Library_sets_no_delegate_after_construction() => AssertNone(StructureRules.LateHooks(s_sources.Value));

    [Theory]
    [InlineData("public Action<long>? Requested { get; set; }", 1)]
    [InlineData("public Func<bool, string?>? Examine { get; set; }", 1)]
    [InlineData("public Func<bool, string?>? Examine { get; init; }", 0)]
    [InlineData("public int Count { get; set; }", 0)]
    public void Late_hook_is_found(string line, int findings) =>
        Assert.Equal(findings, StructureRules.LateHooks([CSharpSource.Of("src/ArrowCid/Storage/A.cs", line)]).Count());

    [Fact]
    public void Upward_reference_is_counted_once_per_file_and_type()
    {
        CSharpSource[] sources =
        [
            CSharpSource.Of("src/ArrowCid/Storage/Index/A.cs", "internal class A { B b; B c; }"),
            CSharpSource.Of("src/ArrowCid/Storage/Log/B.cs", "internal class B { A a; }"),
        ];
        Assert.Equal([KeyValuePair.Create("uses Storage/Index Storage/Log", 1)], StructureRules.UpwardUses(sources));
    }

    [Fact]
    public void Partial_class_is_measured_over_all_its_files()
    {
        string half = "internal partial class A\n" + new string('\n', 450);
        CSharpSource[] sources =
        [
            CSharpSource.Of("src/ArrowCid/Storage/A.cs", half), CSharpSource.Of("src/ArrowCid/Storage/A.Other.cs", half),
        ];
        Assert.Equal([KeyValuePair.Create("lines ArrowCid A", 1000)], StructureRules.LargeClasses(sources));
    }

    [Fact]
    public void Count_that_rose_or_fell_is_found()
    {
        var counted = new Dictionary<string, int> { ["uses A B"] = 2, ["lines P C"] = 900 };
        Assert.Empty(StructureRules.Changes(counted, ["# text", "uses A B 2", "lines P C 900"]));
        Assert.Equal(2, StructureRules.Changes(counted, ["uses A B 1", "lines P C 1000"]).Count());
        Assert.Equal(2, StructureRules.Changes(counted, []).Count());
    }

    private static void AssertNone(IEnumerable<string> findings)
    {
        List<string> found = findings.ToList();
        Assert.True(found.Count == 0, $"{found.Count} findings:\n{string.Join('\n', found)}");
    }
}
