using ArrowCid.Ipc;

namespace ArrowCid;

/// <summary>The result of a put.</summary>
public readonly record struct PutResult
{
    /// <summary>The address of the block.</summary>
    public required BlockAddress Address { get; init; }

    /// <summary>True if the store did not have the block.</summary>
    public required bool IsNew { get; init; }

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
