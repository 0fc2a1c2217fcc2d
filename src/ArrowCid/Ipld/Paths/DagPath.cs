namespace ArrowCid.Ipld;

/// <summary>
/// Follows a path from block to block: in dag-cbor by keys and places, in a UnixFS directory by names, in any other
/// dag-pb node by its form in the data model (<c>Links/0/Hash</c>). Under a batch, <c>columns</c> leads into its column
/// manifest, where columns have names.
/// </summary>
internal static class DagPath
{
    /// <summary>Resolves a path.</summary>
    /// <param name="root">Where it begins.</param>
    /// <param name="path">Segments between slashes; the empty path is the root.</param>
    /// <param name="source">The blocks.</param>
    /// <param name="manifestOf">Makes the column manifest of a batch; null where it is no batch.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block on the way, or a segment,
    /// is not there; <see cref="ErrorCode.Unsupported"/>: a block of a codec that is not read.</exception>
    public static DagPlace Resolve(Cid root, string path, BlockSource source,
        Func<Cid, (Cid Cid, byte[] Node)?>? manifestOf = null)
    {
        const int MaxBlocks = 1024;
        var reader = new UnixFsReader(source);
        (Cid at, string rest) = (root, path.Trim('/'));
        for (int blocks = 0; blocks < MaxBlocks; blocks++)
        {
            ReadOnlyMemory<byte> bytes = reader.Block(at);
            IpldNode? node = Decode(at, bytes.Span, out DagPbNode? pb);
            if (node is null)
            {
                if (rest.Length == 0) return new DagPlace(at, bytes, null);
                if (!ColumnPath.IsColumns(rest) || manifestOf?.Invoke(at) is not var (manifest, made))
                    throw Nothing(at, rest);
                (at, bytes, node) = (manifest, made, DagCbor.Decode(made));
            }

            if (ColumnPath.BatchOf(node, rest) is var (batch, inBatch))
            {
                (at, rest) = (batch, inBatch);
                continue;
            }

            rest = ColumnPath.Rewrite(node, rest);
            if (pb is not null && rest.Length > 0 && Entry(reader, pb, bytes, ref rest) is { } entry)
            {
                at = entry;
                continue;
            }

            string whole = rest;
            IpldNode found = node.TryGet(whole, out ReadOnlySpan<char> left) ?? throw Nothing(at, whole);
            bool isLink = found.Kind == IpldKind.Link && whole.Length > 0;
            if (!isLink) return left.IsEmpty ? new DagPlace(at, bytes, found) : throw Nothing(at, whole);
            (at, rest) = (found.AsLink(), left.ToString());
        }

        throw new ArrowCidException(ErrorCode.TooLarge, $"{path} leads through more than {MaxBlocks} blocks");
    }

    private static IpldNode? Decode(Cid cid, ReadOnlySpan<byte> bytes, out DagPbNode? pb)
    {
        pb = null;
        switch (cid.Codec)
        {
            case Multicodec.Raw: return null;
            case Multicodec.DagCbor: return DagCbor.Decode(bytes, IpldReadOptions.Lenient);
            case Multicodec.DagPb:
                pb = DagPb.Decode(bytes, IpldReadOptions.Lenient);
                return pb.ToIpld();
            default:
                throw new ArrowCidException(ErrorCode.Unsupported,
                    $"{cid} is of codec {Multicodec.Name(cid.Codec)}; raw, dag-cbor and dag-pb are read");
        }
    }

    /// <summary>The entry that the path's first segment names in a directory.</summary>
    private static Cid? Entry(UnixFsReader reader, DagPbNode node, ReadOnlyMemory<byte> bytes, ref string rest)
    {
        if (node.Data is null) return null;
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        Cid? found;
        try
        {
            found = reader.Find(bytes, slash < 0 ? rest : rest[..slash]);
        }
        catch (InvalidIpldException)
        {
            // Data that is no UnixFS message: the node is just dag-pb.
            return null;
        }

        if (found is not null) rest = slash < 0 ? "" : rest[slash..].TrimStart('/');
        return found;
    }

    private static ArrowCidException Nothing(Cid at, string rest) =>
        new(ErrorCode.BlockNotFound, $"nothing is at '{rest}' in {at}");
}
