namespace ArrowCid;

/// <summary>What a process that died left in a store.</summary>
public enum ReapedItemKind
{
    /// <summary>The log of a writer, with records that it had written and not announced.</summary>
    Lane,

    /// <summary>A segment that it was creating or deleting.</summary>
    Segment,

    /// <summary>A file that no segment uses.</summary>
    File,

    /// <summary>An entry in the table of processes.</summary>
    Participant,
}
