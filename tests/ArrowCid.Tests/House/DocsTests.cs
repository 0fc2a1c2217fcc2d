using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>The texts for readers name what is there.</summary>
public partial class DocsTests
{
    private const int ReadmeLines = 220;

    [Fact]
    public void Readme_is_short() =>
        Assert.InRange(File.ReadAllLines(Repository.PathOf("README.md")).Length, 1, ReadmeLines);

    [Fact]
    public void Links_lead_to_files_of_the_tree()
    {
        List<string> missing =
        [
            .. from path in Texts()
               from link in Link().Matches(File.ReadAllText(Repository.PathOf(path)))
               let target = link.Groups[1].Value
               where !target.Contains("://", StringComparison.Ordinal)
               let place = Repository.PathOf(Path.Combine(Path.GetDirectoryName(path)!, target))
               where !File.Exists(place) && !Directory.Exists(place)
               select $"{path}: {target}",
        ];
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void Project_map_names_paths_that_are_there()
    {
        string map = File.ReadAllText(Repository.PathOf(".github/PROJECT.md"));
        List<string> paths = [.. MapPath().Matches(map).Select(match => match.Groups[1].Value)];
        Assert.True(paths.Count > 15, $"{paths.Count} paths");
        Assert.All(paths, path => Assert.True(
            File.Exists(Repository.PathOf(path)) || Directory.Exists(Repository.PathOf(path)), path));
    }

    private static IEnumerable<string> Texts() =>
        new[] { "src", "interop", "samples", "tests" }
            .SelectMany(folder => Repository.FilesBelow(folder, ".md"))
            .Where(path => !path.Contains("/Data/", StringComparison.Ordinal))
            .Concat(["README.md", ".github/CONTRIBUTING.md", ".github/PROJECT.md", ".github/SECURITY.md"]);

    [GeneratedRegex(@"\]\((?!#)([^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:src|tests|interop|samples)(?:/[\w.]+)*)`")]
    private static partial Regex MapPath();
}
