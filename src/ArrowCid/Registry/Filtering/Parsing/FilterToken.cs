namespace ArrowCid.Registry;

/// <summary>A token, where it stands, and what it says: a word's letters, a text without quotes and escapes.</summary>
internal readonly record struct FilterToken(FilterTokenKind Kind, int Start, int Length, string Value)
{
    public int End => Start + Length;

    /// <summary>The token for people.</summary>
    public string Describe() => Kind switch
    {
        FilterTokenKind.End => "the end",
        FilterTokenKind.Text => "a text in quotes",
        _ => $"'{(Value.Length > 40 ? Value[..40] + "…" : Value)}'",
    };
}
