using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>A block of the store that may leave it, as an eviction knows it.</summary>
internal sealed class CachedBlock(in BlockInfo info)
{
    /// <summary>The block.</summary>
    public Digest256 Digest { get; } = info.Digest;

    /// <summary>The block.</summary>
    public Cid Cid { get; } = Cid.FromSha256(info.Codec, info.Digest);

    /// <summary>Its size.</summary>
    public long Bytes { get; } = info.Length;

    /// <summary>The reads that were known last.</summary>
    public (long Count, uint Second) Reads { get; set; }

    /// <summary>The last listing that had it.</summary>
    public int Listing { get; set; }
}
