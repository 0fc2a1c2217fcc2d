namespace ArrowCid.Ipc;

/// <summary>A canonical block with its address.</summary>
public readonly record struct EncodedBlock
{
    /// <summary>What addresses it.</summary>
    public required BlockAddress Address { get; init; }

    /// <summary>Its bytes.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The SHA-256 CID of <see cref="Bytes"/>.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of the block's schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows.</summary>
    public long Rows => Address.Rows;
}
