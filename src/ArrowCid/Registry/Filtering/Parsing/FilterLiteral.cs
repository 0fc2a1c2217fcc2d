namespace ArrowCid.Registry;

/// <summary>Reads the value after an operator as what its field can be compared with.</summary>
internal static class FilterLiteral
{
    private static readonly string[] s_all = ["=", "!=", "<", "<=", ">", ">=", "~"];

    /// <summary>The operators that make sense for a type.</summary>
    public static string[] OperatorsOf(FilterType type) => type switch
    {
        FilterType.Cid or FilterType.Kind => ["=", "!=", "~"],
        FilterType.Flag => ["=", "!="],
        FilterType.Text or FilterType.Tag or FilterType.Json => s_all,
        _ => s_all[..^1],
    };

    /// <summary>What a value of a type looks like, for people.</summary>
    public static string Describe(FilterType type, FilterOperator op) => op == FilterOperator.Glob
        ? "a pattern such as \"etl-*\""
        : type switch
        {
            FilterType.Cid => "a CID",
            FilterType.Count => "a number",
            FilterType.Size => "a number of bytes such as 4096 or 64KiB",
            FilterType.Kind => $"one of {string.Join(", ", FilterField.Kinds)}",
            FilterType.Text => "a text such as \"etl-7\"",
            FilterType.Time => "a date or time such as 2026-11-20 or 2026-11-20T09:30Z",
            FilterType.Span => "a duration such as 7d or 1h30m",
            FilterType.TimeOrSpan => "a date, a time, or the time left such as 12h",
            FilterType.Json => "a text in quotes, a number, a date or time, true, false or null",
            _ => "a text in quotes, a number, a date or time, true or false",
        };

    /// <summary>Reads a value.</summary>
    /// <returns>The value, or null where the token is none of that type.</returns>
    public static FilterValue? Read(FilterToken token, FilterType type, FilterOperator op, out string? wanted)
    {
        wanted = null;
        string text = token.Value;
        if (op == FilterOperator.Glob) return new FilterGlobValue(text);
        bool isWord = token.Kind == FilterTokenKind.Word;
        switch (type)
        {
            case FilterType.Cid:
                return Cid.TryParse(text, out Cid cid) ? new FilterCidValue(cid) : null;
            case FilterType.Kind:
                return FilterField.Kinds.Contains(text) ? new FilterTextValue(text) : null;
            case FilterType.Text:
                return new FilterTextValue(text);
            case FilterType.Count:
                bool isCount = FilterNumber.TryParse(text, out FilterNumber count) && isWord;
                return isCount ? new FilterNumberValue(count) : null;
            case FilterType.Size:
                return isWord ? Size(text) : null;
            case FilterType.Time:
                return Time(text);
            case FilterType.Span:
                return Span(text);
            case FilterType.TimeOrSpan:
                return (FilterValue?)Span(text) ?? Time(text);
            default:
                return isWord ? Word(text, type, op, out wanted) : new FilterTextValue(text);
        }
    }

    /// <summary>A word as the value of a field of any type: what it looks like.</summary>
    private static FilterValue? Word(string text, FilterType type, FilterOperator op, out string? wanted)
    {
        wanted = null;
        FilterConstantValue? constant = text.ToUpperInvariant() switch
        {
            "TRUE" => new FilterConstantValue(true),
            "FALSE" => new FilterConstantValue(false),
            "NULL" => new FilterConstantValue(null),
            _ => null,
        };
        if (constant is not null)
        {
            if (op is not (FilterOperator.Equal or FilterOperator.NotEqual))
                wanted = "a value that has an order; true, false and null are compared by '=' and '!='";
            else if (type == FilterType.Tag && constant.Constant is null)
                wanted = "another value, since a tag is never null; say 'not has' for one that is not there";
            return wanted is null ? constant : null;
        }

        if (((FilterValue?)Size(text) ?? Time(text)) is { } value) return value;
        if (Span(text) is not null) wanted = "a duration in quotes, which is compared as text";
        else if (char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.')
            wanted = "a number, a size, a date or a time; text goes in quotes";
        return wanted is null ? new FilterTextValue(text) : null;
    }

    private static FilterNumberValue? Size(string text) =>
        FilterNumber.TryParse(text, out FilterNumber number) || FilterText.TryParseSize(text, out number)
            ? new FilterNumberValue(number)
            : null;

    private static FilterTimeValue? Time(string text) =>
        FilterText.TryParseTime(text, out FilterTime time) ? new FilterTimeValue(time) : null;

    private static FilterSpanValue? Span(string text) =>
        FilterText.TryParseSpan(text, out long ticks) ? new FilterSpanValue(ticks) : null;
}
