namespace ArrowCid.Transfer.Backends;

/// <summary>The result of <see cref="BlockBackend.CopyFrom"/>.</summary>
public sealed record BlockCopyResult
{
    /// <summary>The number of blocks, with those that were stored already.</summary>
    public required int Blocks { get; init; }

    /// <summary>The number of blocks that were copied.</summary>
    public required int NewBlocks { get; init; }

    /// <summary>The number of bytes of the blocks that were copied.</summary>
    public required long ByteLength { get; init; }
}
