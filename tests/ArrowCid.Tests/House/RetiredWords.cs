using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>
/// The words that names, docs, messages, help texts and READMEs no longer use, each with the word to write instead.
/// </summary>
internal static partial class RetiredWords
{
    /// <summary>Counts the retired words of a text: prose in any letter case, type names as they are written.</summary>
    /// <param name="text">The whole text of a file.</param>
    /// <returns>Each retired word that occurs, once per occurrence.</returns>
    public static IEnumerable<string> In(string text) =>
        Prose().Matches(text).Concat(Names().Matches(text)).Select(match => match.Value);

    /// <summary>The files that are searched: the product's sources, the bindings and every README.</summary>
    /// <returns>Paths with forward slashes, relative to the root.</returns>
    public static IEnumerable<string> Files() =>
        new[] { "src", "interop", "samples", "tests", "proto" }
            .SelectMany(folder => Repository.FilesBelow(folder, ".cs", ".md", ".proto", ".h", ".hpp", ".c", ".cpp", ".py",
                ".rs", ".js", ".mjs", ".ts"))
            .Append("README.md")
            .Where(path => !path.Contains("/RetiredWords", StringComparison.Ordinal))
            .Where(path => !path.EndsWith("/FORMAT.md", StringComparison.Ordinal));

    /// <summary>The folder under which a file is counted: at most three levels deep.</summary>
    /// <param name="path">A path with forward slashes.</param>
    /// <returns>The folder, or <c>.</c> for the root.</returns>
    public static string FolderOf(string path)
    {
        string[] parts = path.Split('/')[..^1];
        return parts.Length == 0 ? "." : string.Join('/', parts.Take(3));
    }

    // mend: repair, rebuild. anew, once more: again. set aside: quarantine. so many: N, the number of. whoever, somebody,
    // nobody: the caller, any process, no process. is said of, says of: metadata of. gives back, room: frees, space. stands
    // for: points to. what came of, what is here: the result, the contents. by and by: gradually. as good as: equivalent to.
    [GeneratedRegex(@"\b(mend(s|ed|ing|er|ers)?|anew|once more|sets? aside|setting aside|so many|so much|whoever|somebody|nobody"
        + @"|for who|by who|(is|are|was|were) said of|says of|(goes|go) by itself|gives? back|gave back|rooms?|stands? for"
        + @"|has come to|what came of|what is here|by and by|as good as|catalogues?|behaviours?|colours?)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Prose();

    [GeneratedRegex(@"\b\w*(Glance|Looker|FillingDoor|JanitorDoor|JanitorTerm|SweepBar|PutDoor|CDataDoor|FactDoor|FactSieve"
        + @"|FactSift|FactBook|FactPage|FactSheet|StandOn|Distrust|FoldFrom|IsNews|TakeTouched|StoreMoment|Departure"
        + @"|Restless|MadeAhead|(?<=[a-z])Mend|Mend(er)?(?=[A-Z])|(?<=[a-z])Mender|(?<=[a-z])Catalogue|Catalogue(?=[A-Z]))\w*\b")]
    private static partial Regex Names();
}
