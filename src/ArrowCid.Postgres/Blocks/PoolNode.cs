using ArrowCid.Registry;

namespace ArrowCid.Postgres;

/// <summary>A block that is pushed: what a pool records of it.</summary>
/// <param name="Entry">What its store knows of it.</param>
/// <param name="Children">The digests of the blocks that it needs.</param>
internal sealed record PoolNode(StoredEntry Entry, IReadOnlyList<byte[]> Children)
{
    /// <summary>Its CID.</summary>
    public Cid Cid => Entry.Cid;

    /// <summary>Its digest.</summary>
    public byte[] Digest { get; } = PoolRows.BytesOf(Entry.Cid);
}
