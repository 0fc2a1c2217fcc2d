using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>What a block needs beneath it: a batch its schema, a view the block that it is a range of, a dag-cbor or
/// dag-pb block what it links to, a column manifest its batch. A block that links to itself would need a hash that is
/// part of its own input, so that no walk comes back to where it was; each block is visited once all the
/// same.</summary>
internal static class BlockNeeds
{
    /// <summary>A block and everything beneath it, the block first. What is not here has nothing beneath it.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: a block that links to others is
    /// damaged.</exception>
    public static List<Digest256> Closure(BlockStore blocks, Digest256 root)
    {
        var found = new List<Digest256> { root };
        var seen = new HashSet<Digest256> { root };
        for (int at = 0; at < found.Count; at++)
        {
            using RecordLease? lease = blocks.Find(found[at]);
            if (lease is null) continue;
            List<(KeepKind Why, Digest256 Digest)> needs = Of(blocks, lease, lease.Info) ??
                throw new ArrowCidException(ErrorCode.BlockCorrupt,
                    $"{Cid.FromSha256(lease.Info.Codec, lease.Digest)} is damaged, and its links are unknown " +
                    $"({lease.Location})")
                {
                    Remedy = new Remedy(RemedyKind.RepairBlock,
                        Cid.FromSha256(lease.Info.Codec, lease.Digest).ToString()),
                };
            foreach ((_, Digest256 digest) in needs)
            {
                if (seen.Add(digest)) found.Add(digest);
            }
        }

        return found;
    }

    /// <summary>What one block needs, and why it keeps that.</summary>
    /// <returns>Null if it is damaged, so that its needs are unknown.</returns>
    public static List<(KeepKind Why, Digest256 Digest)>? Of(BlockStore blocks, in BlockInfo info)
    {
        if (info.Kind != RecordKind.Raw || !HasLinks(info.Codec)) return Of(blocks, null, in info);
        try
        {
            using RecordLease? lease = blocks.Find(info.Digest);
            return Of(blocks, lease, in info);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return null;
        }
    }

    private static List<(KeepKind Why, Digest256 Digest)>? Of(BlockStore blocks, RecordLease? lease,
        in BlockInfo info)
    {
        switch (info.Kind)
        {
            case RecordKind.Batch: return [(KeepKind.SchemaOf, info.SchemaDigest)];
            case RecordKind.View: return [(KeepKind.ParentOfView, info.SchemaDigest)];
            case RecordKind.Raw when HasLinks(info.Codec) && lease is not null:
                // Links are believed of the bytes that the CID means alone.
                if (Sha256.Hash(lease.Memory.Span) != info.Digest) return null;
                // Where the batch of a column manifest is here, its pieces are ranges of the batch.
                if (info.Codec == Multicodec.DagCbor &&
                    ColumnManifest.TryDecode(lease.Memory.Span) is { } manifest &&
                    manifest.Cid.TryGetSha256(out Digest256 batch) && blocks.Contains(batch))
                {
                    return [(KeepKind.LinkedFrom, batch)];
                }

                if (info.Codec == Multicodec.DagCbor && MessageNeeds.Of(lease.Memory.Span) is { } message)
                    return LinkedFrom(message.ConvertAll(cid => new IpldLink(cid)));
                var links = new List<IpldLink>();
                try
                {
                    IpldLinks.Collect(info.Codec, lease.Memory.Span, links);
                }
                catch (InvalidIpldException)
                {
                    // The bytes are what their CID says, whatever that is; links up to the fault count.
                }

                return LinkedFrom(links);
            default: return [];
        }
    }

    private static bool HasLinks(ulong codec) => codec is Multicodec.DagCbor or Multicodec.DagPb;

    /// <summary>A store holds a block as it is; another form of it, beside which it is named, is made of it.</summary>
    private static List<(KeepKind Why, Digest256 Digest)> LinkedFrom(List<IpldLink> links)
    {
        var needs = new List<(KeepKind, Digest256)>(links.Count);
        foreach (IpldLink link in links)
        {
            Cid needed = link.Block.IsDefault ? link.Target : link.Block;
            if (needed.TryGetSha256(out Digest256 digest)) needs.Add((KeepKind.LinkedFrom, digest));
        }

        return needs;
    }
}
