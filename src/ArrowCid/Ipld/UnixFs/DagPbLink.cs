namespace ArrowCid.Ipld;

/// <summary>A link of a dag-pb node.</summary>
public readonly record struct DagPbLink
{
    /// <summary>The CID of the block that it leads to; not the default.</summary>
    public required Cid Hash { get; init; }

    /// <summary>Its name: a file's in a directory, empty between the parts of a file. Null where the field is absent,
    /// which makes other bytes than an empty name.</summary>
    public string? Name { get; init; }

    /// <summary>The bytes of that block and of all below it, as the writer says; null where the field is
    /// absent.</summary>
    public ulong? TotalSize { get; init; }
}
