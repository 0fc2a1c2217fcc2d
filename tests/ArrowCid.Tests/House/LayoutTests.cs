using System.Reflection;

namespace ArrowCid.Tests.House;

/// <summary>Folders, namespaces and names keep their rules, and the rules find what breaks them.</summary>
public class LayoutTests
{
    private static readonly Lazy<IReadOnlyList<CSharpSource>> s_sources = new(() =>
        new[] { "src", "tests" }.SelectMany(folder => Repository.FilesBelow(folder, ".cs"))
            .Select(CSharpSource.Read).ToList());

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void Folder_has_at_most_25_files(string top)
    {
        List<string> paths = Repository.AllFilesBelow(top)
            .Where(path => !path.StartsWith("tests/ArrowCid.Tests/Data/", StringComparison.Ordinal)).ToList();
        Assert.Contains(paths, path => path.EndsWith(".csproj", StringComparison.Ordinal));
        AssertNone(LayoutRules.LargeFolders(paths));
    }

    [Fact]
    public void Namespace_is_that_of_the_project_and_of_its_first_folders() =>
        AssertNone(LayoutRules.Namespaces(s_sources.Value));

    [Fact]
    public void Type_of_the_product_has_a_name_of_its_own() => AssertNone(LayoutRules.SharedNames(s_sources.Value));

    [Fact]
    public void CidStore_has_at_most_30_public_members()
    {
        List<string> members = typeof(CidStore).GetMembers(BindingFlags.Public | BindingFlags.Instance
                | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(member => member is not MethodInfo { IsSpecialName: true }).Select(member => member.ToString()!)
            .ToList();
        Assert.Contains(members, member => member.Contains(nameof(CidStore.TryGet), StringComparison.Ordinal));
        Assert.True(members.Count <= 30, $"{members.Count} members; give a new subject a type of its own, as "
            + $"CidStore.Names has:\n{string.Join('\n', members)}");
    }

    [Fact]
    public void Large_folder_is_found_without_its_sub_folders()
    {
        IEnumerable<string> files = Enumerable.Range(0, LayoutRules.FolderFiles).Select(i => $"src/A/F{i}.cs");
        Assert.Empty(LayoutRules.LargeFolders(files.Append("src/A/B/F.cs")));
        Assert.StartsWith("src/A:1: 26 files", Assert.Single(LayoutRules.LargeFolders(files.Append("src/A/F.md"))),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/ArrowCid/Store/Places/A.cs", "namespace ArrowCid;", 0)]
    [InlineData("src/ArrowCid/Registry/Index/A.cs", "namespace ArrowCid.Registry;", 0)]
    [InlineData("src/ArrowCid/Registry/Index/A.cs", "namespace ArrowCid.Registry.Index;", 0)]
    [InlineData("src/ArrowCid/Registry/Index/A.cs", "namespace ArrowCid.Index;", 1)]
    [InlineData("src/ArrowCid.Client/Grpc/A.cs", "namespace ArrowCid.Flight.Grpc;", 0)]
    [InlineData("src/ArrowCid.Server/Grpc/A.cs", "namespace ArrowCid.Flight.Grpc;", 1)]
    [InlineData("tests/ArrowCid.Tests/Store/A.cs", "namespace ArrowCid.Tests.Registry;", 1)]
    public void Namespace_of_another_folder_is_found(string path, string text, int findings) =>
        Assert.Equal(findings, LayoutRules.Namespaces([CSharpSource.Of(path, text)]).Count());

    [Fact]
    public void Name_of_two_types_is_found()
    {
        CSharpSource first = CSharpSource.Of("src/ArrowCid/Ipc/A.cs", "internal class A;");
        CSharpSource second = CSharpSource.Of("src/ArrowCid.S3/A.cs", "internal class A;");
        CSharpSource part = CSharpSource.Of("src/ArrowCid/Ipc/A.Part.cs", "internal partial class A;");
        Assert.Single(LayoutRules.SharedNames([first, second]));
        Assert.Empty(LayoutRules.SharedNames([first, part]));
    }

    private static void AssertNone(IEnumerable<string> findings)
    {
        List<string> found = findings.ToList();
        Assert.True(found.Count == 0, $"{found.Count} findings:\n{string.Join('\n', found)}");
    }
}
