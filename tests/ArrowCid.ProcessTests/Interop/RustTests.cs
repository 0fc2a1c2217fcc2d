using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The crate's own tests, its README, and the samples in Rust.</summary>
public sealed partial class RustTests
{
    [BindingFact("cargo")]
    public void The_crates_own_tests_pass()
    {
        CommandResult result = Cargo.Run("test", "interop/rust", "--no-fail-fast").Exits(0);
        int passed = Outcome().Matches(result.Text)
            .Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.True(passed >= 20, $"{passed} tests passed: {result.Text}");
    }

    [BindingFact("cargo")]
    public void A_consumer_in_Rust_reads_what_a_producer_in_Rust_puts()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        _ = Cargo.Run("build", "samples/shared-memory/rust").Exits(0);
        string program = Path.Combine(Cargo.Target, "debug");
        string library = $"ARROWCID_LIBRARY={CLibrary.File}";
        using Process reading = CLibrary.Start("env", library, Path.Combine(program, "consumer"), folder.Store);
        CommandResult put = CLibrary.Run("env", library, Path.Combine(program, "producer"), folder.Store).Exits(0);
        CommandResult read = CLibrary.End(reading, "consumer").Exits(0);
        Samples.Agree(put, read);
    }

    [GeneratedRegex(@"^test result: ok\. (\d+) passed; 0 failed", RegexOptions.Multiline)]
    private static partial Regex Outcome();
}
