using ArrowCid.Ipld;

namespace ArrowCid.Server.Http;

/// <summary>Where a gateway's path ends.</summary>
/// <param name="End">The block.</param>
/// <param name="Blocks">The blocks on the way, the last one too, in order.</param>
/// <param name="IsInside">Whether it ends within the block, at what is no link.</param>
internal sealed record GatewayPath(Cid End, IReadOnlyList<Cid> Blocks, bool IsInside)
{
    /// <summary>Follows a path.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: a block or a segment is not
    /// there.</exception>
    public static GatewayPath Resolve(GatewayBlocks blocks, Cid root, string path)
    {
        var way = new List<Cid>();
        if (path.Length == 0)
        {
            return blocks.Contains(root) ? new GatewayPath(root, [root], false) : throw blocks.NotHere(root);
        }

        DagPlace place = DagPath.Resolve(root, path, Open);
        bool isInside = place.Node is { } node && !IsWhole(place.Cid, node, place.Bytes);
        return new GatewayPath(place.Cid, way, isInside);

        ReadOnlyMemory<byte>? Open(Cid cid)
        {
            // Nothing is below raw bytes, and they may be many: it is enough that they are here.
            if (cid.Codec == Multicodec.Raw)
            {
                if (!blocks.Contains(cid)) throw blocks.NotHere(cid);
                way.Add(cid);
                return ReadOnlyMemory<byte>.Empty;
            }

            ReadOnlyMemory<byte> bytes = blocks.Read(cid) ?? throw blocks.NotHere(cid);
            way.Add(cid);
            return bytes;
        }
    }

    /// <summary>Whether a node is its whole block.</summary>
    private static bool IsWhole(Cid cid, IpldNode node, ReadOnlyMemory<byte> bytes) => cid.Codec switch
    {
        Multicodec.DagCbor => node.Equals(DagCbor.Decode(bytes.Span, IpldReadOptions.Lenient)),
        Multicodec.DagPb => node.Equals(DagPb.Decode(bytes.Span, IpldReadOptions.Lenient).ToIpld()),
        _ => true,
    };
}
