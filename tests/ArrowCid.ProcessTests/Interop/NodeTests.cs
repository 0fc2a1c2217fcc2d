using System.Diagnostics;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The npm package's own tests and the samples for Node.js, on the package as it is installed.</summary>
[Collection(NodeCollection.Name)]
public sealed class NodeTests(NodeInstallation installation)
{
    [BindingFact("node", "npm", Programs.ApacheArrow)]
    public void The_packages_own_tests_pass()
    {
        string[] tests = [.. Directory.GetFiles(installation.Folder, "*.test.js")];
        Assert.True(tests.Length >= 4, string.Join(' ', tests));
        CommandResult result = CLibrary.Run("env",
            ["-u", "ARROWCID_LIBRARY", $"ARROWCID_FLIGHTS={Command.Sample}", $"ARROWCID_CALLS={CLibrary.PathOf("vectors/calls.json")}", "node", "--test", "--test-reporter=tap", .. tests]);
        Assert.True(result.ExitCode == 0, string.Join('\n', result.Lines.Where(line => !line.Contains("duration_ms"))));
        Assert.Contains("# fail 0", result.Lines);
    }

    [BindingFact("node", "npm", Programs.ApacheArrow)]
    public void A_consumer_in_Node_reads_what_a_producer_in_Node_puts()
    {
        using var folder = new TemporaryFolder(isMemory: true);
        using Process reading = CLibrary.Start("env", installation.Script("consumer.js", folder.Store));
        CommandResult put = CLibrary.Run("env", installation.Script("producer.js", folder.Store)).Exits(0);
        CommandResult read = CLibrary.End(reading, "consumer").Exits(0);
        Samples.Agree(put, read);
    }

    [BindingFact("node", "npm", Programs.ApacheArrow)]
    public void The_package_has_the_library_the_types_and_nothing_that_is_not_needed()
    {
        string package = Assert.Single(Directory.GetFiles(installation.Folder, "arrowcid-*.tgz"));
        string[] files = CLibrary.Run("tar", "tzf", package).Exits(0).Lines;
        Assert.Contains("package/libarrowcid.so", files);
        Assert.Contains("package/index.d.ts", files);
        Assert.Contains("package/README.md", files);
        Assert.DoesNotContain(files, file => file.Contains("test", StringComparison.Ordinal));
    }
}
