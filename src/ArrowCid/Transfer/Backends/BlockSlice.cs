namespace ArrowCid.Transfer.Backends;

/// <summary>A part of a block whose bytes have a CID of their own, such as a piece of a column manifest.</summary>
/// <param name="Offset">The offset of its first byte in the block.</param>
/// <param name="Length">Its number of bytes, at least 1.</param>
/// <param name="Cid">The CID of its bytes: version 1 with SHA-256.</param>
public readonly record struct BlockSlice(long Offset, int Length, Cid Cid);
