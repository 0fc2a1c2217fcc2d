namespace ArrowCid.Ipld;

/// <summary>The kinds of the IPLD data model.</summary>
public enum IpldKind
{
    /// <summary>The one null value.</summary>
    Null = 0,
    /// <summary>True or false.</summary>
    Bool = 1,
    /// <summary>An integer from −2^64 to 2^64 − 1.</summary>
    Integer = 2,
    /// <summary>A finite 64-bit float.</summary>
    Float = 3,
    /// <summary>A byte sequence.</summary>
    Bytes = 4,
    /// <summary>Unicode text.</summary>
    Text = 5,
    /// <summary>Nodes in order.</summary>
    List = 6,
    /// <summary>Nodes by text keys, in dag-cbor's order of keys.</summary>
    Map = 7,
    /// <summary>The CID of another block.</summary>
    Link = 8,
}
