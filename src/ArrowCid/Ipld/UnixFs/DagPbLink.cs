namespace ArrowCid.Ipld;

/// <summary>A link of a dag-pb node.</summary>
/// <param name="Hash">The CID of the block that it leads to; not the default.</param>
/// <param name="Name">Its name: a file's in a directory, empty between the parts of a file. Null where the field is
/// absent, which makes other bytes than an empty name.</param>
/// <param name="TotalSize">The bytes of that block and of all below it, as the writer says; null where the field is
/// absent.</param>
public readonly record struct DagPbLink(Cid Hash, string? Name = null, ulong? TotalSize = null);
