namespace ArrowCid.ProcessTests.Interop;

/// <summary>
/// A fact that needs libarrowcid and another language's programs. Where one is missing the test is skipped and says so,
/// unless <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BindingFactAttribute : FactAttribute
{
    public BindingFactAttribute(params string[] programs)
    {
        Programs = programs;
        Skip = CLibrary.WhySkip ?? WhySkip(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Programs { get; }

    private static string? WhySkip(string[] programs)
    {
        if (Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1") return null;
        string[] places = Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [];
        string missing = string.Join(", ", programs.Where(name => !places.Any(place => File.Exists(Path.Combine(place, name)))));
        return missing.Length == 0 ? null : $"PEER MISSING: {missing}. Install Rust 1.73 and Node.js 20, or later ones.";
    }
}
