namespace ArrowCid.Registry;

/// <summary>The kind of a block.</summary>
public enum BlockKind
{
    /// <summary>Not known: the block is not here, and only facts speak of it.</summary>
    Unknown = 0,

    /// <summary>A record batch.</summary>
    Batch = 1,

    /// <summary>A schema.</summary>
    Schema = 2,

    /// <summary>Other bytes, of no codec that has links.</summary>
    Raw = 3,

    /// <summary>A range of another block.</summary>
    View = 4,

    /// <summary>A dataset: batches of one schema in order (<c>Ipld/MANIFESTS.md</c>).</summary>
    Dataset = 5,

    /// <summary>A column manifest: a batch that is cut where its columns end (<c>Ipld/MANIFESTS.md</c>).</summary>
    Manifest = 6,

    /// <summary>Any other node of IPLD: a block of codec dag-cbor, dag-pb or dag-json.</summary>
    Node = 7,
}
