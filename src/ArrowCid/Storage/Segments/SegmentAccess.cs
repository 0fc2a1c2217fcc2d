namespace ArrowCid.Storage;

/// <summary>The result of a request for a segment.</summary>
internal enum SegmentAccess
{
    Ready,

    /// <summary>It is no longer, or not yet, the segment that was meant.</summary>
    Stale,

    /// <summary>Another process holds it exclusively.</summary>
    Refused,

    /// <summary>The file does not match its table word.</summary>
    Corrupt,
}
