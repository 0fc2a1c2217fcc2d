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
        // The pieces of a column manifest are ranges of its batch, which is one block.
        if (cid.Codec == Multicodec.DagCbor && ColumnManifest.TryDecode(node.Bytes.Span) is { } manifest
            && source.Contains(manifest.Cid, cancellationToken))
        {
            open.Push((manifest.Cid, false));
            return;
        }

        var links = new List<IpldLink>();
        IpldLinks.Collect(cid.Codec, node.Bytes.Span, links);
        for (int i = links.Count - 1; i >= 0; i--)
        {
            Cid target = links[i].Block.IsDefault ? links[i].Target : links[i].Block;
            if (target.Hash.Code != Multicodec.Identity) open.Push((target.ToV1(), false));
        }
    }
}
