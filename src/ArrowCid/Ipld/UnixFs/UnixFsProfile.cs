namespace ArrowCid.Ipld;

/// <summary>How a file becomes UnixFS blocks: the same profile yields the same CIDs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ChunkSize">The file's bytes in a leaf; the last one may have fewer.</param>
/// <param name="Width">The most links of a node.</param>
/// <param name="RawLeaves">Leaves are raw bytes; else dag-pb nodes that hold them.</param>
/// <param name="CidVersion">The version of the CIDs of dag-pb nodes.</param>
internal sealed record UnixFsProfile(string Name, int ChunkSize, int Width, bool RawLeaves = true, int CidVersion = 1)
{
    /// <summary>IPIP-499's <c>unixfs-v1-2025</c>: 1 MiB, 1024 links. A file of 1 MiB or less is its own CID.</summary>
    public static UnixFsProfile V1Of2025 { get; } = new("unixfs-v1-2025", 1 << 20, 1024);

    /// <summary>IPIP-499's <c>unixfs-v0-2015</c>, Kubo's default: 256 KiB, 174 links, CIDs of version 0.</summary>
    public static UnixFsProfile V0Of2015 { get; } =
        new("unixfs-v0-2015", 1 << 18, 174, RawLeaves: false, CidVersion: 0);

    /// <summary>What <c>ipfs add --cid-version=1</c> makes: 256 KiB, 174 links, raw leaves.</summary>
    public static UnixFsProfile Kubo174 { get; } = new("kubo-174", 1 << 18, 174);
}
