namespace ArrowCid.Registry;

/// <summary>What a field's values are, which decides what they may be compared with.</summary>
internal enum FilterType
{
    /// <summary>A CID.</summary>
    Cid,

    /// <summary>A count.</summary>
    Count,

    /// <summary>A count of bytes, which may have a unit.</summary>
    Size,

    /// <summary>One of <see cref="FilterField.Kinds"/>.</summary>
    Kind,

    /// <summary>Text.</summary>
    Text,

    /// <summary>A moment.</summary>
    Time,

    /// <summary>A span of time.</summary>
    Span,

    /// <summary>A moment, or the time until then.</summary>
    TimeOrSpan,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>Text that is read as what it is compared with.</summary>
    Tag,

    /// <summary>Any value of JSON.</summary>
    Json,
}
