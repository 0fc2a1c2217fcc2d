namespace ArrowCid.ProcessTests.Browser;

/// <summary>
/// A fact that needs Chromium. Where it is missing the fact is skipped and says so, unless
/// <c>ARROWCID_REQUIRE_PEERS=1</c>: then it runs, and fails.
/// </summary>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        bool isRequired = Environment.GetEnvironmentVariable("ARROWCID_REQUIRE_PEERS") == "1";
        if (!isRequired && Chromium is null)
            Skip = "PEER MISSING: Chromium. On Debian: apt-get install chromium, then this test again.";
    }

    /// <summary>The browser's program; null where there is none.</summary>
    internal static string? Chromium { get; } = new[] { "chromium", "chromium-browser", "google-chrome" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);
}
