using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The JavaScript in documents runs in Node.js, on the packages as they are installed.</summary>
[Collection(NodeCollection.Name)]
public sealed partial class NodeBlockTests(NodeInstallation installation, BlockWorld world) : IClassFixture<BlockWorld>
{
    [Theory]
    [Document("interop/node/arrowcid/README.md", "node", "npm", Programs.ApacheArrow, DocumentAttribute.Library)]
    [Document("interop/node/flight/README.md", "node", Programs.ApacheArrow)]
    public void JavaScript_of_a_document_runs(string path)
    {
        bool isFlight = path.Contains("/flight/", StringComparison.Ordinal);
        foreach (CodeBlock block in Documents.BlocksOf(path).Where(block => block.Language == "js" && block.NotRun is null))
        {
            string before = isFlight
                ? $"""
                    import {'{'} tableFromArrays {'}'} from 'apache-arrow';
                    const token = '{world.Served.Token}', table = tableFromArrays({'{'} px: Float64Array.of(101.25, 101.5) {'}'});

                    """
                : "";
            string script = Path.Combine(isFlight ? FlightClient.NodeFolder : installation.Folder, $"block{block.Number}.mjs");
            File.WriteAllText(script, before + world.Localize(block.Text));
            Regex? until = block.Text.Contains("client.watch(", StringComparison.Ordinal) ? Cid() : null;
            CommandResult result = world.Run(until, "node", script);
            Assert.True(result.ExitCode == 0, $"{block.Place}: {result.Text}\n{result.Errors}");
        }
    }

    [GeneratedRegex("baf[a-z2-7]{50}")]
    private static partial Regex Cid();
}
