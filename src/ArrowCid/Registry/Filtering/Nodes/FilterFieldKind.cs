namespace ArrowCid.Registry;

/// <summary>What a filter can ask for.</summary>
internal enum FilterFieldKind
{
    Cid,
    Schema,
    Rows,
    Bytes,
    Kind,
    Created,
    Age,
    Producer,
    Parent,
    Name,
    Pinned,
    Expires,
    Place,
    Signer,
    Tag,
    Json,
}
