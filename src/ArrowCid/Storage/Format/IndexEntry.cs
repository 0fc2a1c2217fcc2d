namespace ArrowCid.Storage;

/// <summary>An index entry: tag 12 | segment 16 | generation 12 | offset/64 24. Zero is empty: no record lies at
/// offset 0.</summary>
internal readonly record struct IndexEntry(ulong Bits)
{
    public IndexEntry(ulong hash, int slot, uint generation, long offset)
        : this((hash & TagMask) | ((ulong)slot << 36) | ((ulong)(generation & 0xfff) << 24) | (ulong)(offset >> 6))
    {
    }

    public const int TagShift = 52;

    private const ulong TagMask = 0xffful << TagShift;

    public int Slot => (int)(Bits >> 36) & 0xffff;

    public uint Generation => (uint)(Bits >> 24) & 0xfff;

    public long Offset => (long)(Bits & 0xffffff) << 6;

    /// <summary>Whether the tag is that of a hash; the home line comes from other bits of it.</summary>
    public bool HasTag(ulong hash) => ((Bits ^ hash) & TagMask) == 0;
}
