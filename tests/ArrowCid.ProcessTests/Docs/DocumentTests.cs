using System.Reflection;
using System.Text.RegularExpressions;
using ArrowCid.Tests.House;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>Every code block of every document runs in a test, or the document says why it does not.</summary>
public sealed partial class DocumentTests
{
    private static readonly (string[] Languages, Type Tests)[] s_tests =
    [
        (ShellBlockTests.Languages, typeof(ShellBlockTests)),
        (["python"], typeof(PythonBlockTests)),
        (["js"], typeof(NodeBlockTests)),
        (["c", "cpp"], typeof(NativeBlockTests)),
        (["rust"], typeof(RustBlockTests)),
        (["csharp"], typeof(CSharpBlockTests)),
    ];

    private const int MostNotRun = 24;

    [Fact]
    public void Every_code_block_is_run_by_a_test_or_says_why_not()
    {
        List<CodeBlock> blocks = [.. Documents.Paths().SelectMany(Documents.BlocksOf)];
        IEnumerable<CodeBlock> unknown = blocks.Where(block => block.NotRun is null && !Documents.NoCode.Contains(block.Language)
            && !s_tests.Any(each => each.Languages.Contains(block.Language) && Runs(each.Tests, block.Document)));
        Assert.Equal("", string.Join('\n', unknown.Select(block => $"{block.Place}: no test runs this block of '{block.Language}';"
            + $" name the document in {nameof(DocumentAttribute)}, or write '*Not run by the tests: REASON.*' after the block")));
        Assert.True(blocks.Count(block => block.NotRun is null) >= 50, $"{blocks.Count} blocks");
        Assert.InRange(blocks.Count(block => block.NotRun is not null), 0, MostNotRun);
    }

    [Fact]
    public void Every_document_that_a_test_names_has_a_block_of_its_language()
    {
        foreach ((string[] languages, Type tests) in s_tests)
        {
            Assert.All(DocumentsOf(tests), path => Assert.Contains(
                Documents.BlocksOf(path), block => languages.Contains(block.Language) && block.NotRun is null));
        }
    }

    [Fact]
    public void Code_is_in_fenced_blocks_alone() =>
        Assert.All(Documents.Paths(), path => Assert.Equal("", string.Join('\n', Documents.CodeOutsideOfBlocks(path))));

    [Fact]
    public void Commands_that_other_tests_run_are_in_the_documents_and_their_tests_are_there()
    {
        HashSet<string> commands = [.. Documents.Paths().SelectMany(Documents.BlocksOf)
            .Where(block => ShellBlockTests.Languages.Contains(block.Language)).SelectMany(block => new ShellScript(block).Commands)];
        HashSet<string> tests = [.. Repository.FilesBelow("tests", ".cs").SelectMany(path => TestMethod()
            .Matches(File.ReadAllText(Repository.PathOf(path)))
            .Select(match => $"{Path.GetFileNameWithoutExtension(path)}.{match.Groups[1].Value}"))];
        Assert.All(ShellScript.Covered, covered =>
        {
            Assert.Contains(covered.Key, commands);
            Assert.Contains(covered.Value, tests);
        });
    }

    private static bool Runs(Type tests, string document) => DocumentsOf(tests).Contains(document);

    private static IEnumerable<string> DocumentsOf(Type tests) => tests.GetMethods()
        .SelectMany(method => method.GetCustomAttributes<DocumentAttribute>()).Select(document => document.Path);

    [GeneratedRegex(@"public (?:async Task|Task|void) (\w+)\(")]
    private static partial Regex TestMethod();
}
