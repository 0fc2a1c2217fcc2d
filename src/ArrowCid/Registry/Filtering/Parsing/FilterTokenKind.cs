namespace ArrowCid.Registry;

/// <summary>What the text of a filter is made of.</summary>
internal enum FilterTokenKind
{
    End,
    Word,
    Text,
    Operator,
    Open,
    Close,
    Comma,
}
