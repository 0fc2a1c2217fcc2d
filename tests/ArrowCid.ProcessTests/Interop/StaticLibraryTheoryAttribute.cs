namespace ArrowCid.ProcessTests.Interop;

/// <summary>As <see cref="CLibraryTheoryAttribute"/>, for the static library.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StaticLibraryTheoryAttribute : TheoryAttribute
{
    public StaticLibraryTheoryAttribute(params string[] programs)
    {
        Names = programs;
        Skip = BuiltLibrary.WhySkipStatic(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}
