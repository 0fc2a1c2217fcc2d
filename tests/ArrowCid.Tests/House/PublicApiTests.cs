using System.Reflection;
using System.Text;

namespace ArrowCid.Tests.House;

/// <summary>What users may call changes on purpose only: a file PublicApi*.txt per package has what the last change
/// left.</summary>
public class PublicApiTests
{
    // The library's file has the plain name; every other assembly's has the assembly in its name.
    private const string Library = "ArrowCid";

    /// <summary>The projects under src whose packages have an API: all but the tool and those that are no package.</summary>
    public static TheoryData<string> Projects => new(Named());

    [Theory]
    [MemberData(nameof(Projects))]
    public void Public_api_of_a_package_is_the_committed_one(string project)
    {
        IReadOnlyList<string> actual = PublicApi.Of(Assembly.Load(project));
        string committed = CommittedOf(project), path = Repository.PathOf(committed);
        if (Environment.GetEnvironmentVariable("ARROWCID_ACCEPT_API") == "1")
        {
            File.WriteAllText(path, string.Join('\n', actual) + "\n");
        }
        string[] expected = File.Exists(path) ? File.ReadAllLines(path) : [];
        Assert.True(expected.SequenceEqual(actual), Difference(expected, actual, committed));
    }

    [Fact]
    public void Every_committed_api_has_its_project()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Repository.PathOf("tests/ArrowCid.Tests"), "PublicApi*.txt")
            .Select(path => $"tests/ArrowCid.Tests/{Path.GetFileName(path)}");
        Assert.Equal(Named().Select(CommittedOf).Order(), files.Order());
    }

    [Fact]
    public void Kinds_of_members_and_types_are_told_apart()
    {
        const string mine = "ArrowCid.Tests.House.PublicApiExample<T>";
        IReadOnlyList<string> lines = PublicApi.Of(Assembly.GetExecutingAssembly());
        Assert.Equal(
            [
                $"abstract class {mine} : System.IDisposable where T : unmanaged",
                $"{mine}.Changed event System.EventHandler<{mine}.Kind>",
                $"{mine}.Dispose() -> void",
                $"{mine}.First {{ get; }} -> ref readonly T",
                $"{mine}.Name {{ get; init; }} -> string",
                $"{mine}.this[int index] {{ get; set; }} -> T",
                $"abstract {mine}.Count {{ get; }} -> int",
                $"const {mine}.Limit = 3 -> long",
                $"override {mine}.ToString() -> string",
                $"protected {mine}.new(string name, int? size = default)",
                $"protected virtual {mine}.Dispose(bool disposing) -> void",
                $"static {mine}.TryParse<TOther>(System.ReadOnlySpan<char> text, out {mine} found, in T first, "
                    + "ref TOther[] rest, params string[] more) -> bool "
                    + "where TOther : class, System.IDisposable, new()",
                $"static {mine}.op_UnaryNegation({mine} of) -> {mine}",
                $"enum {mine}.Kind : byte",
                $"{mine}.Kind.One = 1",
            ],
            lines.SkipWhile(l => !l.StartsWith($"abstract class {mine}", StringComparison.Ordinal)).Take(15));
    }

    private static IEnumerable<string> Named() =>
        from path in Repository.FilesBelow("src", ".csproj")
        where HasApi(File.ReadAllText(Repository.PathOf(path)))
        select Path.GetFileNameWithoutExtension(path);

    private static bool HasApi(string project) =>
        !project.Contains("<IsPackable>false</IsPackable>", StringComparison.Ordinal)
        && !project.Contains("<PackAsTool>true</PackAsTool>", StringComparison.Ordinal);

    private static string CommittedOf(string project) =>
        $"tests/ArrowCid.Tests/PublicApi{(project == Library ? "" : "." + project)}.txt";

    private static string Difference(
        IReadOnlyCollection<string> expected, IReadOnlyCollection<string> actual, string committed)
    {
        var text = new StringBuilder("The public API is not the committed one:\n");
        foreach (string line in expected.Except(actual))
        {
            text.Append("  - ").Append(line).Append('\n');
        }
        foreach (string line in actual.Except(expected))
        {
            text.Append("  + ").Append(line).Append('\n');
        }
        return text.Append(
            $"Where that is meant, run the test once with ARROWCID_ACCEPT_API=1 and commit {committed}.").ToString();
    }
}

#pragma warning disable CS0067, CA1000, CA1034, CA1045, CA2225 // one of each kind
/// <summary>One member of each kind, for <see cref="PublicApiTests"/>.</summary>
public abstract class PublicApiExample<T> : IDisposable where T : unmanaged
{
    public const long Limit = 3;
    private T _first;

    protected PublicApiExample(string name, int? size = default) => Name = name + size;

    public event EventHandler<Kind>? Changed;

    public enum Kind : byte
    {
        One = 1,
    }

    public abstract int Count { get; }

    public string Name { get; init; }

    public ref readonly T First => ref _first;

    public T this[int index]
    {
        get => _first;
        set => _first = value;
    }

    public static PublicApiExample<T> operator -(PublicApiExample<T> of) => of;

    public static bool TryParse<TOther>(
        ReadOnlySpan<char> text, out PublicApiExample<T>? found, in T first, ref TOther[] rest, params string[] more)
        where TOther : class, IDisposable, new()
    {
        found = null;
        return false;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    public override string ToString() => Name;

    protected virtual void Dispose(bool disposing)
    {
    }
}
#pragma warning restore
