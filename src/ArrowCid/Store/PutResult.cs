using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>What came of a put.</summary>
/// <param name="Address">What addresses the block.</param>
/// <param name="IsNew">Whether the store did not have it.</param>
public readonly record struct PutResult(BlockAddress Address, bool IsNew)
{
    /// <summary>Whether the store had the block with damaged bytes, which the bytes of this put have replaced. It is
    /// not new then.</summary>
    public bool IsRepaired { get; init; }

    /// <summary>The block's CID.</summary>
    public Cid Cid => Address.Cid;

    /// <summary>The CID of its schema.</summary>
    public Cid SchemaCid => Address.SchemaCid;

    /// <summary>Rows.</summary>
    public long Rows => Address.Rows;

    /// <summary>The block's bytes.</summary>
    public long ByteLength => Address.ByteLength;
}
