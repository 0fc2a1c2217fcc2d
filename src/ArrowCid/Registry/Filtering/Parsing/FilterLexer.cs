using System.Globalization;
using System.Text;

namespace ArrowCid.Registry;

/// <summary>Cuts the text of a filter into tokens, from left to right.</summary>
internal sealed class FilterLexer(string text)
{
    private int _at;

    public FilterToken Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        int start = _at;
        if (start == text.Length) return new FilterToken(FilterTokenKind.End, start, 0, "");
        char first = text[start];
        if (FilterText.IsOfWord(first)) return Run(FilterTokenKind.Word, FilterText.IsOfWord);
        if (IsOfOperator(first)) return Run(FilterTokenKind.Operator, IsOfOperator);
        if (first is '"' or '\'') return Text(first);
        _at++;
        return first switch
        {
            '(' => new FilterToken(FilterTokenKind.Open, start, 1, "("),
            ')' => new FilterToken(FilterTokenKind.Close, start, 1, ")"),
            ',' => new FilterToken(FilterTokenKind.Comma, start, 1, ","),
            '&' => throw Error(start, 1, "'&'", "the word 'and'"),
            '|' => throw Error(start, 1, "'|'", "the word 'or'"),
            _ => throw Error(start, 1, Character(first), "a word, a text in quotes, an operator or a parenthesis"),
        };
    }

    public InvalidFilterException Error(int position, int length, string found, string expected) =>
        new(text, position, length, found, expected);

    private static bool IsOfOperator(char c) => c is '=' or '!' or '<' or '>' or '~';

    private FilterToken Run(FilterTokenKind kind, Func<char, bool> belongs)
    {
        int start = _at;
        while (_at < text.Length && belongs(text[_at])) _at++;
        return new FilterToken(kind, start, _at - start, text[start.._at]);
    }

    private FilterToken Text(char quote)
    {
        int start = _at++;
        var value = new StringBuilder();
        while (true)
        {
            if (_at == text.Length)
                throw Error(start, text.Length - start, "a text without its end", $"a closing {quote}");
            char c = text[_at++];
            if (c == quote) break;
            value.Append(c == '\\' ? Escape() : c);
        }

        return new FilterToken(FilterTokenKind.Text, start, _at - start, value.ToString());
    }

    private char Escape()
    {
        int start = _at - 1;
        char c = _at < text.Length ? text[_at++] : '\0';
        switch (c)
        {
            case '\\' or '"' or '\'': return c;
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when _at + 4 <= text.Length && ushort.TryParse(text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out ushort unit):
                _at += 4;
                return (char)unit;
            default:
                throw Error(start, _at - start, "a backslash",
                    """one of \\ \" \' \n \r \t \u00e9 (a pattern's \* is \\* in quotes)""");
        }
    }

    private static string Character(char c) => char.IsControl(c)
        ? string.Create(CultureInfo.InvariantCulture, $"the character U+{(int)c:X4}")
        : $"'{c}'";
}
