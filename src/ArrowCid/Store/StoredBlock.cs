using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>A block that a store has.</summary>
public readonly record struct StoredBlock
{
    /// <summary>What addresses it; the schema's CID means nothing for a block that is not a batch or schema.</summary>
    public required BlockAddress Address { get; init; }

    /// <summary>When it was first put.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows; 0 for a schema.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}
