using ArrowCid.Ipld;

namespace ArrowCid.Server.Http;

/// <summary>What is kept of a block over 1 MiB once it was proved: the hashes of its leaves and the nodes above
/// them.</summary>
internal sealed class LargeBlock
{
    /// <summary>The length of every leaf but the last; a block of at most this size is its own leaf.</summary>
    public const int LeafBytes = 1 << 20;

    private LargeBlock(Cid cid, UnixFsDag dag)
    {
        Cid = cid;
        Root = dag.Root;
        var leaves = new Cid[(dag.Length + LeafBytes - 1) / LeafBytes];
        var nodes = new List<(Cid, byte[])>();
        foreach (UnixFsPart part in dag.Parts())
        {
            if (part.Node is { } node) nodes.Add((part.Cid, node));
            else leaves[part.Offset / LeafBytes] = part.Cid;
        }

        (Leaves, Nodes) = (leaves, nodes);
    }

    /// <summary>The block.</summary>
    public Cid Cid { get; }

    /// <summary>The root of its UnixFS file.</summary>
    public Cid Root { get; }

    /// <summary>The CID of each leaf.</summary>
    public IReadOnlyList<Cid> Leaves { get; }

    /// <summary>The nodes above the leaves.</summary>
    public IReadOnlyList<(Cid Cid, byte[] Bytes)> Nodes { get; }

    /// <summary>Cuts a block.</summary>
    /// <param name="cid">Its CID.</param>
    /// <param name="bytes">Its bytes, which were just proved.</param>
    public static LargeBlock Of(Cid cid, ReadOnlySpan<byte> bytes)
    {
        var block = new LargeBlock(cid, UnixFsDag.Of(bytes, UnixFsProfile.V1Of2025));
        // Equal leaves are one part of the DAG; each has its own place here.
        var leaves = (Cid[])block.Leaves;
        for (int i = 0; i < leaves.Length; i++)
        {
            if (!leaves[i].IsDefault) continue;
            int start = i * LeafBytes;
            leaves[i] = Cid.Sha256(Multicodec.Raw, bytes.Slice(start, Math.Min(LeafBytes, bytes.Length - start)));
        }

        return block;
    }
}
