namespace ArrowCid.Server.Http;

/// <summary>The forms in which the gateway answers.</summary>
internal enum GatewayFormat
{
    /// <summary>The bytes of a file, or a node's block.</summary>
    File,

    /// <summary>A block.</summary>
    Raw,

    /// <summary>Blocks in an archive.</summary>
    Car,

    /// <summary>A block that is dag-cbor.</summary>
    DagCbor,
}
