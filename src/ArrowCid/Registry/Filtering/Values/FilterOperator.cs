namespace ArrowCid.Registry;

/// <summary>How a field is compared with a value.</summary>
internal enum FilterOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Glob,
}
