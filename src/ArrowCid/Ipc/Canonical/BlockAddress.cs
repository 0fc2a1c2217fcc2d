namespace ArrowCid.Ipc;

/// <summary>The address of a canonical block.</summary>
/// <param name="Cid">The SHA-256 CID of the block's bytes.</param>
/// <param name="SchemaCid">The CID of its schema.</param>
/// <param name="Rows">Rows.</param>
/// <param name="ByteLength">The block's bytes.</param>
public readonly record struct BlockAddress(Cid Cid, Cid SchemaCid, long Rows, long ByteLength);
