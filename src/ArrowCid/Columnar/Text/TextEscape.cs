namespace ArrowCid.Columnar;

/// <summary>How a sink writes characters that its format or a terminal would take for its own.</summary>
internal enum TextEscape
{
    None,

    /// <summary>A quote is doubled (RFC 4180).</summary>
    DoubleQuotes,

    /// <summary>Controls, line ends and invisible direction marks are shown as <c>\u001b</c>, so that a value can
    /// neither break a table nor talk to the terminal.</summary>
    Visible,
}
