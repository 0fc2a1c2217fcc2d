using System.Text.RegularExpressions;
using ArrowCid.Tests.House;

namespace ArrowCid.ProcessTests.Docs;

/// <summary>The documents that readers copy code from, and their code blocks.</summary>
internal static partial class Documents
{
    /// <summary>Languages whose blocks are data, grammar or pictures and cannot be run.</summary>
    public static readonly string[] NoCode = ["text", "ebnf", "mermaid"];

    /// <summary>Returns the paths of the documents: every README, the packages' READMEs and the guides.</summary>
    public static IEnumerable<string> Paths() =>
        new[] { "interop", "samples", "src", "tests" }.SelectMany(folder => Repository.FilesBelow(folder, ".md"))
            .Where(path => Path.GetFileName(path) is "README.md" or "PACKAGE.md" || path is "interop/python/FLIGHT.md"
                || path.StartsWith("src/docs/", StringComparison.Ordinal))
            // IpfsGuideTests runs its guide with the peers that it needs.
            .Where(path => path != "src/docs/ipfs.md")
            // The tests' data is what others wrote. The command reference is the help, whose examples VerbHelpTests checks.
            .Where(path => !path.Contains("/Data/", StringComparison.Ordinal) && path != "src/docs/commands.md")
            .Prepend("README.md");

    /// <summary>Reads the code blocks of a document.</summary>
    /// <param name="path">The path below the root, with forward slashes.</param>
    /// <returns>The blocks in their order.</returns>
    public static IEnumerable<CodeBlock> BlocksOf(string path)
    {
        string[] lines = File.ReadAllLines(Repository.PathOf(path));
        var counts = new Dictionary<string, int>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            int end = Array.FindIndex(lines, i + 1, line => line == "```");
            if (end < 0) throw new InvalidDataException($"{path}:{i + 1}: the code block has no end");
            string language = lines[i][3..].Split(',')[0];
            counts[language] = counts.GetValueOrDefault(language) + 1;
            string after = string.Join(' ', lines.Skip(end + 1).SkipWhile(line => line.Length == 0).TakeWhile(line => line.Length > 0));
            Match reason = Reason().Match(after);
            yield return new CodeBlock(path, i + 1, counts[language], language, string.Join('\n', lines[(i + 1)..end]),
                reason.Success ? reason.Groups[1].Value : null);
            i = end;
        }
    }

    /// <summary>Returns the lines of a document that look like code but are in no fenced block.</summary>
    public static IEnumerable<string> CodeOutsideOfBlocks(string path)
    {
        bool isInBlock = false, isAfterBlank = false;
        foreach (string line in File.ReadLines(Repository.PathOf(path)))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) isInBlock = !isInBlock;
            if (!isInBlock && isAfterBlank && line.StartsWith("    ", StringComparison.Ordinal)) yield return line;
            isAfterBlank = line.Length == 0;
        }
    }

    [GeneratedRegex(@"^\*Not run by the tests: (.+)\*$")]
    private static partial Regex Reason();
}
