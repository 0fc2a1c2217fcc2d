using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>The list of faults in tests/README.md names tests that are there.</summary>
public sealed partial class FaultListTests
{
    private const int Faults = 40, FaultsOfPools = 15;

    [Fact]
    public void Every_fault_of_the_list_has_tests_that_are_there() => Check("", Faults);

    [Fact]
    public void Every_fault_of_pools_has_tests_that_are_there() => Check("pool ", FaultsOfPools);

    private static void Check(string prefix, int count)
    {
        HashSet<string> tests = [.. Tests()];
        var missing = new List<string>();
        var rows = new List<int>();
        foreach (string line in File.ReadLines(Repository.PathOf("tests/README.md")))
        {
            Match row = FaultRow().Match(line);
            if (!row.Success || row.Groups[1].Value != prefix) continue;
            rows.Add(int.Parse(row.Groups[2].ValueSpan));
            string[] named = [.. TestName().Matches(row.Groups[3].Value).Select(match => match.Groups[1].Value)];
            if (named.Length == 0) missing.Add($"fault {rows[^1]} names no test");
            missing.AddRange(named.Where(name => !tests.Contains(name)).Select(name => $"fault {rows[^1]}: {name}"));
        }

        Assert.Equal(Enumerable.Range(1, count), rows);
        Assert.True(missing.Count == 0, "no such tests: " + string.Join("; ", missing));
    }

    /// <summary>Class and method of every test of both projects, as the list writes them.</summary>
    private static IEnumerable<string> Tests()
    {
        foreach (string path in Repository.FilesBelow("tests", ".cs"))
        {
            string text = File.ReadAllText(Repository.PathOf(path));
            foreach (Match test in TestMethod().Matches(text))
                yield return $"{Path.GetFileNameWithoutExtension(path)}.{test.Groups[1].Value}";
        }
    }

    [GeneratedRegex(@"^\| (pool |)(\d+) \|(.*)\|$")]
    private static partial Regex FaultRow();

    [GeneratedRegex(@"`(\w+\.\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"(?:(?:Fact|Theory)(?:\(.*\))?|InlineData\(.*\)|MemberData\(.*\))\]\s+public (?:async Task|Task|void) (\w+)\(")]
    private static partial Regex TestMethod();
}
