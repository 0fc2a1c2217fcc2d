namespace ArrowCid.ProcessTests.Browser;

/// <summary>
/// A fact that needs Chromium, and axe-core from npm where that is said. Where one is missing the fact is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute(bool needsAxe = false, bool isLong = false)
    {
        (NeedsAxe, IsLong) = (needsAxe, isLong);
        bool isRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        if (!isRequired && Chromium is null)
            Skip = "PEER MISSING: Chromium. On Debian: apt-get install chromium, then this test again.";
        else if (!isRequired && needsAxe && !File.Exists(Axe))
            Skip = "PEER MISSING: axe-core. Run interop/peers/setup, then this test again.";
        else if (isLong && Environment.GetEnvironmentVariable("ARROWCID_LONG") != "1")
            Skip = "A long test: ARROWCID_LONG=1 runs it.";
    }

    public bool NeedsAxe { get; }

    public bool IsLong { get; }

    /// <summary>The script of axe-core.</summary>
    internal static string Axe { get; } =
        Path.Combine(Programs.Peers, "explorer", "node_modules", "axe-core", "axe.min.js");

    /// <summary>The browser's program; null where there is none.</summary>
    internal static string? Chromium { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
