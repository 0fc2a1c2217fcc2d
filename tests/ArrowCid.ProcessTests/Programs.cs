using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests;

/// <summary>The programs and libraries of other projects that tests need, and whether this machine has them.</summary>
internal static class Programs
{
    /// <summary>The Python that <c>interop/peers/python</c> starts, with pyarrow and numpy.</summary>
    public const string PyArrow = "pyarrow";

    /// <summary>moto, an S3 server that <c>interop/peers/s3</c> starts.</summary>
    public const string Moto = "moto";

    /// <summary>PostgreSQL 15 or later: <c>initdb</c> and <c>postgres</c>.</summary>
    public const string Postgres = "postgresql";

    /// <summary>The npm package apache-arrow, which <c>interop/peers/setup</c> installs.</summary>
    public const string ApacheArrow = "apache-arrow";

    private static readonly Lazy<bool> s_hasPyArrow = new(() => Command.Program("/bin/sh",
        Path.Combine(Command.Root, "interop", "peers", "python"), "-c", "import numpy, pyarrow").ExitCode == 0);

    private static readonly Lazy<bool> s_hasMoto = new(() => Command.Program("/bin/sh",
        Path.Combine(Command.Root, "interop", "peers", "s3"), "--has").ExitCode == 0);

    /// <summary>Whether a missing program or library fails its tests.</summary>
    public static bool AreRequired => Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";

    /// <summary>The folder that <c>interop/peers/setup</c> fills.</summary>
    public static string Peers { get; } = Environment.GetEnvironmentVariable("ARROWCID_PEERS") is { Length: > 0 } set
        ? set
        : "/var/tmp/arrowcid-peers";

    /// <summary>Whether the peers' folder has an npm package.</summary>
    public static bool HasPackage(string name) =>
        Directory.Exists(Path.Combine([Peers, "node", "node_modules", .. name.Split('/')]));

    /// <summary>Returns the reason to skip a test that needs programs, or null if it runs.</summary>
    /// <param name="names">Programs on the PATH, or the constants of this class.</param>
    public static string? WhySkip(params string[] names)
    {
        if (AreRequired) return null;
        string missing = string.Join(", ", names.Where(name => !IsHere(name)));
        return missing.Length == 0
            ? null
            : $"PEER MISSING: {missing}. Install it, or run interop/peers/setup, then run this test again.";
    }

    private static bool IsHere(string name) => name switch
    {
        PyArrow => s_hasPyArrow.Value,
        ApacheArrow => HasPackage(name),
        Moto => s_hasMoto.Value,
        Postgres => Tests.Pools.PostgresServer.Programs is not null,
        _ => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, name))),
    };
}

/// <summary>
/// A fact that needs programs of other projects. If one is missing, the test is skipped and names it, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramFactAttribute : FactAttribute
{
    public ProgramFactAttribute(params string[] programs)
    {
        Names = programs;
        Skip = Programs.WhySkip(programs);
    }

    /// <summary>The programs that the test starts.</summary>
    public IReadOnlyList<string> Names { get; }
}
