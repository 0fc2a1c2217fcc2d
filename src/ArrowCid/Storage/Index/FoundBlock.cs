namespace ArrowCid.Storage;

/// <summary>Where a block was found: its segment, with one user more, and the checked copy of its header.</summary>
internal struct FoundBlock
{
    public Segment Segment;
    public long Offset;
    public RecordHeader Header;

    /// <summary>The payload in memory of our own, where the segment could not be leased.</summary>
    public byte[]? Copy;
}
