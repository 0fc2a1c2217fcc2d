namespace ArrowCid.Ipld;

/// <summary>Where a path ends.</summary>
/// <param name="Cid">The block.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Node">The node in it; null in a block of raw bytes.</param>
internal sealed record DagPlace(Cid Cid, ReadOnlyMemory<byte> Bytes, IpldNode? Node);
