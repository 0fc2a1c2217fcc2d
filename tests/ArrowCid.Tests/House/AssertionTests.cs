using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>The invariants of the log, the index, recovery and the registry are asserted where they hold.</summary>
public partial class AssertionTests
{
    private const int Least = 150;

    [Fact]
    public void Storage_and_registry_assert_their_invariants()
    {
        int asserts = new[] { "src/ArrowCid/Storage", "src/ArrowCid/Registry" }
            .SelectMany(folder => Repository.FilesBelow(folder, ".cs"))
            .Sum(path => Assertion().Count(File.ReadAllText(Repository.PathOf(path))));
        Assert.True(asserts >= Least, $"{asserts} assertions; {Least} at least");
    }

    [GeneratedRegex(@"\bDebug\.Assert\(")]
    private static partial Regex Assertion();
}
