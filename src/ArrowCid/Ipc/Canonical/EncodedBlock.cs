namespace ArrowCid.Ipc;

/// <summary>A canonical block with its address.</summary>
/// <param name="Address">What addresses it.</param>
/// <param name="Bytes">Its bytes.</param>
public readonly record struct EncodedBlock(BlockAddress Address, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The SHA-256 CID of <see cref="Bytes"/>.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of the block's schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows.</summary>
    public long Rows => Address.Rows;
}
