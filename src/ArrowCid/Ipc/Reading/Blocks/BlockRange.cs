namespace ArrowCid.Ipc;

/// <summary>A part of a block.</summary>
internal readonly record struct BlockRange(long Offset, long Length)
{
    public long End => Offset + Length;
}
