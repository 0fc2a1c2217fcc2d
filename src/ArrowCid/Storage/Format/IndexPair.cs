namespace ArrowCid.Storage;

/// <summary>Which index files are in use: the current one, and the one it was grown from until that is copied (0:
/// none).</summary>
internal readonly record struct IndexPair(ulong Bits)
{
    public IndexPair(uint current, uint previous) : this(((ulong)previous << 32) | current)
    {
    }

    public uint Current => (uint)Bits;

    public uint Previous => (uint)(Bits >> 32);
}
