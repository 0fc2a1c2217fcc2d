using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>The result of a put.</summary>
/// <param name="Address">The address of the block.</param>
/// <param name="IsNew">True if the store did not have the block.</param>
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
