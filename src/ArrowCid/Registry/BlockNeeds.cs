using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>What a block needs beneath it: a batch its schema, a view the block that it is a range of, a dag-cbor block
/// what it links to.</summary>
internal static class BlockNeeds
{
    /// <summary>A block and everything beneath it, the block first. What is not here has nothing beneath it.</summary>
    public static List<Digest256> Closure(BlockStore blocks, Digest256 root)
    {
        var found = new List<Digest256> { root };
        var seen = new HashSet<Digest256> { root };
        for (int at = 0; at < found.Count; at++)
        {
            using BlockLease? lease = blocks.Find(found[at]);
            if (lease is null) continue;
            foreach ((_, Digest256 digest) in Of(lease, lease.Info))
            {
                if (seen.Add(digest)) found.Add(digest);
            }
        }

        return found;
    }

    /// <summary>What one block needs, and why it keeps that.</summary>
    public static List<(KeepKind Why, Digest256 Digest)> Of(BlockStore blocks, in BlockInfo info)
    {
        if (info.Kind != RecordKind.Raw || info.Codec != Multicodec.DagCbor) return Of((BlockLease?)null, in info);
        using BlockLease? lease = blocks.Find(info.Digest);
        return Of(lease, in info);
    }

    private static List<(KeepKind Why, Digest256 Digest)> Of(BlockLease? lease, in BlockInfo info)
    {
        switch (info.Kind)
        {
            case RecordKind.Batch: return [(KeepKind.SchemaOf, info.SchemaDigest)];
            case RecordKind.View: return [(KeepKind.ParentOfView, info.SchemaDigest)];
            case RecordKind.Raw when info.Codec == Multicodec.DagCbor && lease is not null:
                var links = new List<(KeepKind, Digest256)>();
                try
                {
                    var reader = new DagCborReader(lease.Memory.Span, IpldReadOptions.Lenient);
                    CollectLinks(ref reader, links, 0);
                }
                catch (InvalidIpldException)
                {
                    // The bytes are what their CID says, whatever that is; links up to the fault count.
                }

                return links;
            default: return [];
        }
    }

    private static void CollectLinks(ref DagCborReader reader, List<(KeepKind, Digest256)> links, int depth)
    {
        switch (reader.PeekKind())
        {
            case IpldKind.Link:
                if (reader.ReadLink().TryGetSha256(out Digest256 digest)) links.Add((KeepKind.LinkedFrom, digest));
                break;
            case IpldKind.List:
                reader.CheckDepth(depth);
                for (int left = reader.BeginList(); left > 0; left--) CollectLinks(ref reader, links, depth + 1);
                break;
            case IpldKind.Map:
                reader.CheckDepth(depth);
                DagCborMap map = reader.BeginMap();
                while (reader.NextKey(ref map, out _)) CollectLinks(ref reader, links, depth + 1);
                break;
            default: reader.Skip(depth); break;
        }
    }
}
