namespace ArrowCid.Ipld;

/// <summary>One block of a file's DAG.</summary>
/// <param name="Cid">Its CID.</param>
/// <param name="Node">The bytes of a dag-pb node; null for a raw leaf, which is a range of the file.</param>
/// <param name="Offset">Where the leaf begins in the file.</param>
/// <param name="Length">The leaf's bytes.</param>
internal readonly record struct UnixFsPart(Cid Cid, byte[]? Node, long Offset, int Length);
