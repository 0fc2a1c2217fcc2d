namespace ArrowCid.Storage;

/// <summary>A record that has its header and is not committed yet.</summary>
internal readonly record struct UnpublishedRecord(PendingWrite Turn, SegmentAppender Tail, long Offset, long End,
    uint Crc, ulong Sequence, bool IsIndexed, bool IsFact, bool IsLast);
