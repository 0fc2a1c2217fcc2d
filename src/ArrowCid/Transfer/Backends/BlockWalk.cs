using ArrowCid.Ipld;

namespace ArrowCid.Transfer.Backends;

/// <summary>The blocks that blocks need, read from the nodes of a backend.</summary>
internal static class BlockWalk
{
    /// <summary>Lists blocks and all blocks that they need, each once and after those that it links to.</summary>
    /// <param name="source">The backend that has the nodes.</param>
    /// <param name="cids">The blocks.</param>
    /// <param name="cancellationToken">Cancels the walk.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the source lacks a node or one of
    /// <paramref name="cids"/>; <see cref="ErrorCode.InvalidData"/>: a node cannot be read.</exception>
    public static List<Cid> ChildrenFirst(BlockBackend source, IReadOnlyList<Cid> cids,
        CancellationToken cancellationToken = default)
    {
        var order = new List<Cid>();
        var seen = new HashSet<Cid>();
        var open = new Stack<(Cid Cid, bool HasChildren)>();
        foreach (Cid root in cids)
        {
            if (root.Codec == Multicodec.Raw) AddSchema(source, root, seen, order, cancellationToken);
            open.Push((root.ToV1(), false));
            while (open.TryPop(out (Cid Cid, bool HasChildren) next))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (next.HasChildren) order.Add(next.Cid);
                else if (seen.Add(next.Cid)) Visit(source, next.Cid, open, order, cancellationToken);
            }
        }

        return order;
    }

    private static void AddSchema(BlockBackend source, Cid batch, HashSet<Cid> seen, List<Cid> order,
        CancellationToken cancellationToken)
    {
        if (seen.Contains(batch)) return;
        Cid schema = source.FindSchema(batch, cancellationToken);
        // A folder or gateway may have the batch alone, which holds its schema too.
        if (schema.IsDefault || seen.Contains(schema) || !source.Contains(schema, cancellationToken)) return;
        _ = seen.Add(schema);
        order.Add(schema);
    }

    /// <summary>The blocks that a node links to, in order: of a column manifest the batch alone where the source has
    /// it, because the pieces are ranges of it.</summary>
    /// <exception cref="InvalidIpldException">The bytes are not of the codec.</exception>
    public static List<Cid> Children(BlockBackend source, BlockLease node, CancellationToken cancellationToken)
    {
        if (node.Cid.Codec == Multicodec.DagCbor && ColumnManifest.TryDecode(node.Bytes.Span) is { } manifest
            && source.Contains(manifest.Cid, cancellationToken))
        {
            return [manifest.Cid];
        }

        var links = new List<IpldLink>();
        IpldLinks.Collect(node.Cid.Codec, node.Bytes.Span, links);
        return [.. links.Select(link => link.Block.IsDefault ? link.Target : link.Block)
            .Where(target => target.Hash.Code != Multicodec.Identity).Select(target => target.ToV1())];
    }

    private static void Visit(BlockBackend source, Cid cid, Stack<(Cid Cid, bool HasChildren)> open, List<Cid> order,
        CancellationToken cancellationToken)
    {
        if (cid.Codec == Multicodec.Raw || !IpldLinks.AreKnown(cid.Codec))
        {
            order.Add(cid);
            return;
        }

        using BlockLease node = source.Get(cid, cancellationToken);
        open.Push((cid, true));
        List<Cid> children = Children(source, node, cancellationToken);
        for (int i = children.Count - 1; i >= 0; i--) open.Push((children[i], false));
    }
}
