namespace ArrowCid.Storage;

/// <summary>What came of asking for a segment.</summary>
internal enum SegmentAccess
{
    Ready,

    /// <summary>It is no longer, or not yet, the segment that was meant.</summary>
    Stale,

    /// <summary>Somebody holds it for himself.</summary>
    Refused,

    /// <summary>The file is not what the table says of it.</summary>
    Corrupt,
}
