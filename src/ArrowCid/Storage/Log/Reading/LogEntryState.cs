namespace ArrowCid.Storage;

/// <summary>What stands at a place of the log.</summary>
internal enum LogEntryState
{
    /// <summary>A record that was announced.</summary>
    Committed,

    /// <summary>A whole record after the committed end that fits the one before it: the lane's next owner takes it
    /// over.</summary>
    Beyond,

    /// <summary>A whole record after the committed end that does not fit: an older one's bytes, to be written
    /// over.</summary>
    Left,

    /// <summary>Committed bytes in which no record can be read.</summary>
    Damaged,
}
