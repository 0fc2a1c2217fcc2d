using ArrowCid.Memory;

namespace ArrowCid.Transfer.Backup;

/// <summary>A block as it stood at a moment.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Codec">The codec of its CID.</param>
/// <param name="Created">When it was first put, in ns since 1970.</param>
/// <param name="LastPut">When it was last put or announced.</param>
internal readonly record struct SnapshotBlock(Digest256 Digest, ulong Codec, ulong Created, ulong LastPut)
{
    public Cid Cid => Cid.FromSha256(Codec, Digest);
}
