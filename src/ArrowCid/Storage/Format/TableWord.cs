namespace ArrowCid.Storage;

/// <summary>A segment's word in the table: state 4 | lane 8 | MiB 20 | generation 32, changed by
/// compare-and-swap.</summary>
internal readonly record struct TableWord(ulong Bits)
{
    public TableWord(SegmentState state, int lane, long mebibytes, uint generation)
        : this(((ulong)state << 60) | ((ulong)(byte)lane << 52) | ((ulong)(mebibytes & 0xfffff) << 32) | generation)
    {
    }

    public SegmentState State => (SegmentState)(Bits >> 60);

    public int Lane => (byte)(Bits >> 52);

    public long Bytes => (long)((Bits >> 32) & 0xfffff) << 20;

    public uint Generation => (uint)Bits;

    /// <summary>Whether blocks of the segment may be found.</summary>
    public bool IsLive => State is SegmentState.Open or SegmentState.Sealed;

    public TableWord With(SegmentState state) => new((Bits & ~(0xful << 60)) | ((ulong)state << 60));
}
