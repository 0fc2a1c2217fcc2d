using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>A block that a store has.</summary>
/// <param name="Address">What addresses it; the schema's CID means nothing for a block that is not a batch or
/// schema.</param>
/// <param name="Time">When it was first put.</param>
public readonly record struct StoredBlock(BlockAddress Address, DateTimeOffset Time)
{
    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows; 0 for a schema.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}
