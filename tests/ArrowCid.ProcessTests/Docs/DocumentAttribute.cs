using System.Reflection;
using ArrowCid.ProcessTests.Interop;
using Xunit.Sdk;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>
/// A document whose code blocks a theory runs. Where a program that they need is missing, the document is skipped and the
/// program is named, unless <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class DocumentAttribute : DataAttribute
{
    /// <summary>libarrowcid, among the names of programs.</summary>
    public const string Library = "libarrowcid";

    public DocumentAttribute(string path, params string[] programs)
    {
        Path = path;
        Names = programs;
        string[] others = [.. programs.Where(name => name != Library)];
        Skip = others.Length < programs.Length ? CLibrary.WhySkip(others) : Programs.WhySkip(others);
    }

    /// <summary>The document's path below the root.</summary>
    public string Path { get; }

    /// <summary>The programs that its blocks start, and <see cref="Library"/>.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Path]];
}
