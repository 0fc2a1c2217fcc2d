namespace ArrowCid.Storage;

internal enum WriteKind
{
    /// <summary>A block, or a REF where it turns out to be known, after a FACT if it has one.</summary>
    Put,

    /// <summary>REFs, then a FACT if it has one.</summary>
    Announce,

    /// <summary>A FACT record alone: it has no reservation and waits for no block source.</summary>
    Append,

    /// <summary>A place that nothing came of.</summary>
    Pad,

    /// <summary>Blocks, REFs and FACTs that are committed together or not at all.</summary>
    Transaction,
}
