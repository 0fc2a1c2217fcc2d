using System.Text.Json;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests;

/// <summary>The summary of test runs that <c>.ci/run</c> leaves.</summary>
public sealed class CiSummaryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-summary-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [ProgramFact("python3")]
    public void Summary_lists_failures_of_all_runs_and_the_slowest_tests_when_results_are_there()
    {
        Write("all", "one.trx", Results(
            """<UnitTestResult testName="A.Passes(text: &quot;é&quot;)" outcome="Passed" duration="00:01:02.5000000" />""",
            """<UnitTestResult testName="A.Skipped" outcome="NotExecuted" />""",
            """
            <UnitTestResult testName="A.Fails" outcome="Failed" duration="00:00:00.2500000"><Output><ErrorInfo>
            <Message>1 &lt; 2&#xD;
            second line</Message><StackTrace>at A.Fails()</StackTrace></ErrorInfo></Output></UnitTestResult>
            """));
        Write("all", "failures", "the build\n");
        Write("again", "two.trx", Results("""<UnitTestResult testName="B.Fails" outcome="Failed" duration="00:00:01" />"""));
        Write("again", "cut.trx", "<TestRun><Results>");
        using JsonDocument summary = Summarize("all", "again");
        JsonElement root = summary.RootElement;
        Assert.Equal((1, 4, 1), (Number(root, "passed"), Number(root, "failed"), Number(root, "skipped")));
        JsonElement[] failures = [.. root.GetProperty("failures").EnumerateArray()];
        Assert.Equal(["all: the build", "all: A.Fails", "again: cut.trx", "again: B.Fails"], failures.Select(Name));
        JsonElement fails = failures[1];
        Assert.Equal(("1 < 2\r\nsecond line", "at A.Fails()", 0.25), (fails.GetProperty("message").GetString(),
            fails.GetProperty("stack").GetString(), fails.GetProperty("duration").GetDouble()));
        Assert.Equal(["all: A.Passes(text: \"é\")", "again: B.Fails"],
            root.GetProperty("slowest").EnumerateArray().Take(2).Select(Name));
    }

    private static string Results(params string[] results) => "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        + $"<TestRun xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\"><Results>{string.Concat(results)}</Results></TestRun>";

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static string Name(JsonElement result) =>
        $"{result.GetProperty("run").GetString()}: {result.GetProperty("test").GetString()}";

    private void Write(string run, string name, string text)
    {
        Directory.CreateDirectory(Path.Combine(_folder, run));
        File.WriteAllText(Path.Combine(_folder, run, name), text);
    }

    private JsonDocument Summarize(params string[] runs)
    {
        string output = Path.Combine(_folder, "summary.json");
        _ = Command.Program(Path.Combine(Command.Root, ".ci", "summary"),
            [output, .. runs.Select(run => $"{run}={Path.Combine(_folder, run)}")]).Succeeds();
        return JsonDocument.Parse(File.ReadAllText(output));
    }
}
