using System.Text.RegularExpressions;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Flight;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The Python in documents runs with pyarrow.</summary>
public sealed partial class PythonBlockTests(BlockWorld world) : IClassFixture<BlockWorld>
{
    [Theory]
    [Document("README.md", Programs.PyArrow, DocumentAttribute.Library)]
    [Document("interop/python/README.md", Programs.PyArrow, DocumentAttribute.Library)]
    [Document("interop/python/FLIGHT.md", Programs.PyArrow, DocumentAttribute.Library)]
    public void Python_of_a_document_runs(string path)
    {
        foreach (CodeBlock block in Documents.BlocksOf(path).Where(block => block.Language == "python" && block.NotRun is null))
        {
            string indented = string.Join('\n', $"{Before(block)}\n{world.Localize(block.Text)}".Split('\n')
                .Select(line => line.Length == 0 ? line : $"    {line}"));
            string script = world.Write($"block{block.Number}.py", $"""
                import asyncio, multiprocessing, shutil
                import arrowcid

                # The interpreter of the peers is started by a script.
                multiprocessing.set_executable(shutil.which("python3"))

                def work(directory, cid):
                    with arrowcid.open(directory) as store:
                        assert store[cid].num_rows > 0

                async def main():
                {indented}

                if __name__ == "__main__":
                    asyncio.run(main())
                """);
            CommandResult result = world.Run(Endless(block) ? Cid() : null, "/bin/sh", FlightPeers.PythonPath, script);
            Assert.True(result.ExitCode == 0, $"{block.Place}: {result.Text}\n{result.Errors}");
        }
    }

    /// <summary>Whether a block goes on for ever: then it ends with the first CID that it prints.</summary>
    private static bool Endless(CodeBlock block) =>
        block.Text.Contains(".watch(", StringComparison.Ordinal);

    /// <summary>What a block takes for granted.</summary>
    private string Before(CodeBlock block)
    {
        const string Batch = "batch = pa.record_batch({'delay': list(range(600)), 'px': [0.5] * 600})\n";
        // Names that the block itself imports are local ones.
        string text = "import arrowcid, pyarrow as pa\n";
        if (block.Text.Contains("token", StringComparison.Ordinal)) text += $"token = '{world.Served.Token}'\n";
        if (block.Text.Contains("batches", StringComparison.Ordinal)) text += $"{Batch}batches = [batch, batch.slice(1), batch.slice(2)]\n";
        if (!block.Text.Contains("store = ", StringComparison.Ordinal))
            text += $"store = arrowcid.open('{world.Store}')\n{Batch}put = store.put(batch)\ncids = [put.cid]\nsaved_cursor = 'oldest'\n";
        return text;
    }

    [GeneratedRegex("baf[a-z2-7]{50}")]
    private static partial Regex Cid();
}
