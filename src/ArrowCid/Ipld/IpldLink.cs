namespace ArrowCid.Ipld;

/// <summary>A link of a block to another.</summary>
/// <param name="Target">The CID that it leads to.</param>
/// <param name="Block">Where the link stands at the key <c>dag</c> beside a CID as bytes at <c>cid</c>
/// (<c>MANIFESTS.md</c>): that block, of which the target is another form; else the default.</param>
internal readonly record struct IpldLink(Cid Target, Cid Block = default);
