using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ArrowCid.Tests.House;

/// <summary>The packages of all languages are released together: one version, one license, and the same facts in each.</summary>
public class PackageVersionTests
{
    private static string Version => XDocument.Load(Repository.PathOf("Directory.Build.props"))
        .Descendants("VersionPrefix").Single().Value;

    [Theory]
    [InlineData("interop/python/arrowcid/__init__.py", @"^__version__ = ""(.+)""$")]
    [InlineData("interop/node/arrowcid/package.json", @"^  ""version"": ""(.+)"",$")]
    [InlineData("interop/node/flight/package.json", @"^  ""version"": ""(.+)"",$")]
    [InlineData("interop/rust/Cargo.toml", @"^version = ""(.+)""$")]
    [InlineData("interop/rust/flight/Cargo.toml", @"^version = ""(.+)""$")]
    public void Package_of_another_language_has_the_version_of_Directory_Build_props(string path, string version)
    {
        Match found = Assert.Single(Regex.Matches(File.ReadAllText(Repository.PathOf(path)), version, RegexOptions.Multiline));
        Assert.Equal(Version, found.Groups[1].Value);
    }

    [Theory]
    [InlineData("interop/python/pyproject.toml", "name", "description", "readme", "license", "authors", "keywords", "classifiers")]
    [InlineData("interop/node/arrowcid/package.json", "name", "description", "license", "author", "keywords", "files", "engines")]
    [InlineData("interop/node/flight/package.json", "name", "description", "license", "author", "keywords", "files", "engines")]
    [InlineData("interop/rust/Cargo.toml", "name", "description", "readme", "license", "authors", "keywords", "categories")]
    [InlineData("interop/rust/flight/Cargo.toml", "name", "description", "readme", "license", "authors", "keywords", "categories")]
    public void Package_of_another_language_says_what_it_is(string path, params string[] keys)
    {
        string text = File.ReadAllText(Repository.PathOf(path));
        Assert.All(keys, key => Assert.Matches(new Regex($@"^\s*""?{key}""?\s*[:=]\s*\S", RegexOptions.Multiline), text));
        Assert.Contains("\"Apache-2.0\"", text, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(Repository.PathOf(path))!, "README.md")));
    }
}
