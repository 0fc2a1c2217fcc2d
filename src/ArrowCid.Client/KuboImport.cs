namespace ArrowCid.Client;

/// <summary>The result of an import of a CAR by a Kubo node.</summary>
public sealed record KuboImport
{
    /// <summary>The roots that the node has pinned.</summary>
    public required IReadOnlyList<Cid> Roots { get; init; }

    /// <summary>The number of blocks that the node has read; null where it does not say.</summary>
    public long? Blocks { get; init; }

    /// <summary>The number of bytes of these blocks; null where it does not say.</summary>
    public long? ByteLength { get; init; }
}
