namespace ArrowCid.ProcessTests.Docs;

/// <summary>The commands that documents show are run, and print what the documents say.</summary>
public sealed class ShellBlockTests(BlockWorld world) : IClassFixture<BlockWorld>
{
    internal static readonly string[] Languages = ["console", "sh"];

    [Theory]
    [Document("README.md", Programs.PyArrow, "curl")]
    [Document("src/ArrowCid.Cli/PACKAGE.md")]
    [Document("src/docs/getting-started.md", Programs.PyArrow, DocumentAttribute.Library)]
    [Document("src/docs/guides.md", Programs.PyArrow, Programs.Moto)]
    [Document("src/docs/operations.md")]
    [Document("samples/flight/README.md", Programs.PyArrow)]
    [Document("samples/shared-memory/README.md")]
    [Document("samples/zero-copy/README.md", Programs.PyArrow, DocumentAttribute.Library)]
    [Document("interop/README.md", Programs.PyArrow)]
    [Document("interop/browser/README.md", "python3")]
    [Document("interop/c/README.md", "cc", DocumentAttribute.Library)]
    [Document("interop/node/arrowcid/README.md")]
    [Document("interop/node/flight/README.md")]
    [Document("interop/python/README.md")]
    [Document("interop/rust/README.md")]
    [Document("tests/README.md")]
    public void Commands_of_a_document_succeed_and_print_what_it_shows(string path)
    {
        foreach (CodeBlock block in Documents.BlocksOf(path))
        {
            if (Languages.Contains(block.Language) && block.NotRun is null) new ShellScript(block).Run(world);
        }
    }
}
