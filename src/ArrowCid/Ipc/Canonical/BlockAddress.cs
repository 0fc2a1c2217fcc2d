namespace ArrowCid.Ipc;

/// <summary>The address of a canonical block.</summary>
public readonly record struct BlockAddress
{
    /// <summary>The SHA-256 CID of the block's bytes.</summary>
    public required Cid Cid { get; init; }

    /// <summary>The CID of its schema.</summary>
    public required Cid SchemaCid { get; init; }

    /// <summary>Rows.</summary>
    public required long Rows { get; init; }

    /// <summary>The block's bytes.</summary>
    public required long ByteLength { get; init; }
}
