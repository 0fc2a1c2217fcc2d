using System.Reflection;
using System.Text.RegularExpressions;
using ArrowCid.Tests.House;

namespace ArrowCid.Tests.Channels.Sds;

/// <summary>NIM-SDS.md names a test that is there for each of nim-sds's tests, or a reason.</summary>
public sealed partial class NimSdsTableTests
{
    private const int Tests = 106, WithoutCounterpart = 3;

    [Fact]
    public void Each_test_of_nim_sds_has_a_counterpart_or_a_reason()
    {
        List<string> rows = [.. File.ReadLines(Repository.PathOf("tests/ArrowCid.Tests/Channels/Sds/NIM-SDS.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2)];
        Assert.Equal(Tests, rows.Count);
        Assert.Equal(Tests, rows.Select(row => string.Join('|', row.Split('|')[1..3])).Distinct().Count());
        List<string> missing = [];
        int reasons = 0;
        foreach (string row in rows)
        {
            string here = row.Split('|')[^2].Trim();
            if (here.StartsWith("none: ", StringComparison.Ordinal)) reasons++;
            Match named = TestName().Match(here);
            if (named.Success ? !IsTest(named.Groups[1].Value, named.Groups[2].Value) : !here.StartsWith("none: ", StringComparison.Ordinal))
            {
                missing.Add(row);
            }
        }

        Assert.True(missing.Count == 0, string.Join('\n', missing));
        Assert.Equal(WithoutCounterpart, reasons);
    }

    [Fact]
    public void Each_of_the_sixteen_faults_has_a_test() => Assert.Equal(Enumerable.Range(1, 16),
        typeof(SdsFaultTests).GetMethods().Select(method => FaultName().Match(method.Name)).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].ValueSpan)).Distinct().Order());

    private static bool IsTest(string type, string method) => typeof(NimSdsTableTests).Assembly
        .GetType($"{typeof(NimSdsTableTests).Namespace}.{type}")?.GetMethod(method)?.GetCustomAttribute<FactAttribute>() is not null;

    [GeneratedRegex(@"`(\w+)\.(\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^Fault_(\d\d)_")]
    private static partial Regex FaultName();
}
