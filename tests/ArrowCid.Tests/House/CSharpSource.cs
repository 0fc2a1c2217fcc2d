using System.Text;
using System.Text.RegularExpressions;

namespace ArrowCid.Tests.House;

/// <summary>A C# file as the house's checks see it: whole, and with comments and literals blanked out.</summary>
internal sealed partial class CSharpSource
{
    private CSharpSource(string path, string text)
    {
        Path = path;
        Lines = text.Split('\n');
        Code = Blank(text).Split('\n');
        Literals = LiteralsOf(text);
        Types = Code.SelectMany(line => Declaration().Matches(line)).Select(m => m.Groups["name"].Value).ToList();
    }

    /// <summary>The path from the root of the tree, with forward slashes.</summary>
    public string Path { get; }

    /// <summary>The lines as they are.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The same lines with the insides of comments, strings and characters replaced by spaces.</summary>
    public IReadOnlyList<string> Code { get; }

    /// <summary>The string literals, each with the number of its first line.</summary>
    public IReadOnlyList<(int Line, string Text)> Literals { get; }

    /// <summary>The names of the types that the file declares.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The assembly's folder under src, or an empty string.</summary>
    public string Project => Path.StartsWith("src/", StringComparison.Ordinal) ? Path.Split('/')[1] : "";

    public static CSharpSource Read(string path) => new(path, File.ReadAllText(Repository.PathOf(path)));

    public static CSharpSource Of(string path, string text) => new(path, text);

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?)\s+(?<name>[A-Z]\w*)"
        + @"|\bdelegate\s+[\w<>\[\],?. ]+?\s(?<name>[A-Z]\w*)\s*[<(]")]
    private static partial Regex Declaration();

    // What stands in the holes of an interpolated string is blanked too: no rule needs it.
    private static string Blank(string text)
    {
        var code = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            int end = LiteralEnd(text, at);
            if (end == at)
            {
                code.Append(text[at++]);
                continue;
            }
            for (; at < end; at++)
            {
                code.Append(text[at] == '\n' ? '\n' : ' ');
            }
        }
        return code.ToString();
    }

    private static List<(int Line, string Text)> LiteralsOf(string text)
    {
        var literals = new List<(int Line, string Text)>();
        for (int at = 0, line = 1; at < text.Length;)
        {
            int end = LiteralEnd(text, at);
            if (end > at && text[at] is '"' or '$' or '@') literals.Add((line, text[at..end]));
            end = Math.Max(end, at + 1);
            line += text.AsSpan(at, end - at).Count('\n');
            at = end;
        }
        return literals;
    }

    // Where the comment or literal that starts at a place ends; the place itself where none starts there.
    private static int LiteralEnd(string text, int at)
    {
        ReadOnlySpan<char> rest = text.AsSpan(at);
        if (rest.StartsWith("//"))
        {
            return EndOf(text, "\n", at, keep: true);
        }
        if (rest.StartsWith("/*"))
        {
            return EndOf(text, "*/", at + 2, keep: false);
        }
        if (rest[0] == '\'')
        {
            return QuotedEnd(text, at + 1, '\'');
        }
        if (rest[0] is not ('"' or '$' or '@'))
        {
            return at;
        }
        int prefix = rest.IndexOfAnyExcept('$', '@');
        if (prefix < 0 || rest[prefix] != '"')
        {
            return at;
        }
        int quotes = rest[prefix..].IndexOfAnyExcept('"');
        int start = at + prefix;
        if (quotes >= 3)
        {
            return EndOf(text, new string('"', quotes), start + quotes, keep: false);
        }
        return rest[..prefix].Contains('@') ? VerbatimEnd(text, start + 1) : QuotedEnd(text, start + 1, '"');
    }

    private static int EndOf(string text, string mark, int from, bool keep)
    {
        int found = text.IndexOf(mark, from, StringComparison.Ordinal);
        return found < 0 ? text.Length : found + (keep ? 0 : mark.Length);
    }

    private static int QuotedEnd(string text, int from, char quote)
    {
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] == quote || text[i] == '\n')
            {
                return i + 1;
            }
            i += text[i] == '\\' ? 1 : 0;
        }
        return text.Length;
    }

    private static int VerbatimEnd(string text, int from)
    {
        for (int i = from; i < text.Length; i++)
        {
            if (text[i] != '"')
            {
                continue;
            }
            if (i + 1 == text.Length || text[i + 1] != '"')
            {
                return i + 1;
            }
            i++;
        }
        return text.Length;
    }
}
