using System.Text;

namespace ArrowCid.Registry;

/// <summary>
/// A pattern over a whole text: <c>*</c> matches any characters or none, <c>?</c> one character, and <c>\</c> makes the
/// next character literal. Case-sensitive.
/// </summary>
internal sealed class FilterGlob
{
    // Escapes in the pattern are gone; what is special is said beside it.
    private readonly string _characters;
    private readonly bool[] _isWild;

    public FilterGlob(string pattern)
    {
        Pattern = pattern;
        var characters = new StringBuilder(pattern.Length);
        var isWild = new List<bool>(pattern.Length);
        for (int i = 0; i < pattern.Length; i++)
        {
            bool isEscaped = pattern[i] == '\\' && i + 1 < pattern.Length;
            if (isEscaped) i++;
            characters.Append(pattern[i]);
            isWild.Add(!isEscaped && pattern[i] is '*' or '?');
        }

        _characters = characters.ToString();
        _isWild = [.. isWild];
    }

    public string Pattern { get; }

    /// <summary>The characters before the first wildcard.</summary>
    public string Prefix => Array.IndexOf(_isWild, true) is >= 0 and var at ? _characters[..at] : _characters;

    /// <summary>Goes back to the last star only, so that its work is at most the product of both lengths.</summary>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        int at = 0, star = -1, from = 0, p = 0;
        while (at < text.Length)
        {
            if (p < _characters.Length && _isWild[p] && _characters[p] == '*')
            {
                (star, from) = (p++, at);
            }
            else if (p < _characters.Length && _isWild[p])
            {
                at += IsPair(text, at) ? 2 : 1;
                p++;
            }
            else if (p < _characters.Length && _characters[p] == text[at])
            {
                at++;
                p++;
            }
            else if (star >= 0)
            {
                from += IsPair(text, from) ? 2 : 1;
                (at, p) = (from, star + 1);
            }
            else
            {
                return false;
            }
        }

        while (p < _characters.Length && _isWild[p] && _characters[p] == '*') p++;
        return p == _characters.Length;
    }

    private static bool IsPair(ReadOnlySpan<char> text, int at) =>
        at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);
}
