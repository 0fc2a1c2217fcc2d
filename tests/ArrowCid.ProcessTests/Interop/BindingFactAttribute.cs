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
        Names = programs;
        Skip = CLibrary.WhySkip(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}
