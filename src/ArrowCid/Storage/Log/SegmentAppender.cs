namespace ArrowCid.Storage;

/// <summary>The open end of a segment that a lane writes.</summary>
internal sealed class SegmentAppender(Segment segment, long end, uint lastCrc)
{
    public Segment Segment { get; } = segment;

    /// <summary>Where the next place begins.</summary>
    public long Reserved { get; set; } = end;

    /// <summary>The checksum of the last record that has its header, or of the segment's header.</summary>
    public uint LastCrc { get; set; } = lastCrc;

    /// <summary>Where the next record begins that is not committed.</summary>
    public long Committed { get; set; } = end;

    /// <summary>The checksum of the last committed record, or of the segment's header.</summary>
    public uint CommittedCrc { get; set; } = lastCrc;

    /// <summary>Whether it stands among the segments to be flushed.</summary>
    public bool IsDirty { get; set; }

    public bool HasSpace(long extent) => extent <= Segment.Bytes - Reserved;
}
