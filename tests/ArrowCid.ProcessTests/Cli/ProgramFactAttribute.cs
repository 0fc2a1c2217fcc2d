namespace ArrowCid.ProcessTests.Cli;

/// <summary>
/// A fact that needs another program. Where it is missing the test is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(string name)
    {
        Name = name;
        bool isRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        bool isThere = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, name)));
        if (!isRequired && !isThere) Skip = $"PEER MISSING: {name}. Install it, then run this test again.";
    }

    /// <summary>The program.</summary>
    public string Name { get; }
}
