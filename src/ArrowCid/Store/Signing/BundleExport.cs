using ArrowCid.Ipld;
using ArrowCid.Ipld.Car;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Signing;
using ArrowCid.Storage;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Writes evidence bundles (<c>Ipld/MANIFESTS.md</c>).</summary>
internal sealed class BundleExport(CidStore store)
{
    /// <summary>See <see cref="StoreSignatures.ExportBundle"/>.</summary>
    public CarExport Write(IReadOnlyList<Cid> cids, Stream output, Operation operation)
    {
        List<Cid> data = WithParents(cids);
        List<SignedStatement> signed = store.Signatures.About(data);
        byte[] verifier = ReadVerifier();
        var file = Cid.Sha256(Multicodec.Raw, verifier);
        // A statement may be one of the blocks itself.
        Dictionary<Cid, ReadOnlyMemory<byte>> made = [];
        foreach (SignedStatement one in signed)
            (made[one.Cid], made[one.SignatureCid]) = (one.Block, one.Signature);
        made[file] = verifier;
        var held = data.ToHashSet();
        Cid[] others = [.. made.Keys.Where(cid => !held.Contains(cid)).Order()];
        var manifest = new BundleManifest(
            [.. cids.Select(cid => cid.ToV1()).Distinct()],
            [.. data, .. others],
            [.. signed.Select(one => (one.Cid, one.SignatureCid))],
            [.. data.SelectMany(cid => (store.Metadata.Get(cid)?.Names ?? [])
                .Select(name => KeyValuePair.Create(name, cid)))],
            IpldNode.List([.. data.Select(FactsOf).OfType<IpldNode>()]),
            [KeyValuePair.Create(StoreSignatures.VerifierName, file)]);
        return Write(manifest, made, output, operation);
    }

    private CarExport Write(BundleManifest manifest, Dictionary<Cid, ReadOnlyMemory<byte>> made, Stream output,
        Operation operation)
    {
        byte[] node = manifest.Encode();
        var root = Cid.Sha256(Multicodec.DagCbor, node);
        var writer = new CarWriter(output, [root], 1);
        writer.Add(root, node);
        long bytes = node.Length, largest = node.Length;
        var proofs = new ReadAhead<RecordLease>(cid => store.Reading.Prove(cid) ?? throw store.Proofs.NotHere(cid));
        try
        {
            for (int i = 0; i < manifest.Blocks.Length; i++)
            {
                operation.Check();
                foreach (Cid next in manifest.Blocks.AsSpan()[i..Math.Min(i + 3, manifest.Blocks.Length)])
                {
                    if (!made.ContainsKey(next)) proofs.Begin(next);
                }

                Cid cid = manifest.Blocks[i];
                if (made.TryGetValue(cid, out ReadOnlyMemory<byte> own))
                {
                    writer.Add(cid, own.Span);
                    bytes += own.Length;
                }
                else
                {
                    using RecordLease block = proofs.Take(cid);
                    writer.Add(cid, block.Memory.Span);
                    bytes += block.Memory.Length;
                    largest = Math.Max(largest, block.Memory.Length);
                }

                operation.Reach(bytes);
            }
        }
        finally
        {
            foreach (RecordLease lease in proofs.End()) lease.Dispose();
        }

        _ = writer.Finish();
        operation.Finish();
        return new CarExport
        {
            Roots = [root],
            Blocks = manifest.Blocks.Length + 1,
            ByteLength = writer.Length,
            LargestBlock = largest,
        };
    }

    /// <summary>Blocks, what they need, and the blocks that they were made of as far as those are here; each
    /// once.</summary>
    private List<Cid> WithParents(IReadOnlyList<Cid> cids)
    {
        var all = new List<Cid>();
        var seen = new HashSet<Cid>();
        var open = new Queue<(Cid Cid, bool IsNeeded)>(cids.Select(cid => (cid.ToV1(), true)));
        while (open.TryDequeue(out (Cid Cid, bool IsNeeded) next))
        {
            if (!store.Contains(next.Cid))
            {
                if (next.IsNeeded) throw store.Proofs.NotHere(next.Cid);
                continue;
            }

            foreach (Cid cid in ClosureOf(next.Cid))
            {
                if (!seen.Add(cid)) continue;
                if (cid.Codec is not (Multicodec.Raw or Multicodec.DagCbor))
                    throw new ArrowCidException(ErrorCode.Unsupported,
                        $"{cid} is of codec {Multicodec.Name(cid.Codec)}; a bundle holds raw and dag-cbor blocks");
                all.Add(cid);
                foreach (Cid parent in store.Metadata.Get(cid)?.Parents ?? []) open.Enqueue((parent.ToV1(), false));
            }
        }

        return all;
    }

    /// <summary>A block and all that it needs, under the CIDs that the store knows them by.</summary>
    public IEnumerable<Cid> ClosureOf(Cid root)
    {
        List<Digest256> digests = [root.TryGetSha256(out Digest256 digest) ? digest : throw store.Proofs.NotHere(root)];
        digests.AddRange(BlockNeeds.Closure(store.Blocks, digest).Skip(1));
        foreach (Digest256 needed in digests)
        {
            using RecordLease? lease = store.Blocks.Find(needed);
            if (lease is null) throw store.Proofs.NotHere(Cid.FromSha256(Multicodec.Raw, needed));
            yield return Cid.FromSha256(lease.Info.Codec, needed);
        }
    }

    /// <summary>The metadata of a block as a node; null where there is none.</summary>
    private IpldNode? FactsOf(Cid cid)
    {
        if (store.Metadata.Get(cid) is not { } entry) return null;
        var members = new List<(string, IpldNode)> { ("cid", IpldNode.Bytes(cid.ToBytes())) };
        if (entry.Producer is { } producer) members.Add(("producer", IpldNode.Text(producer)));
        if (entry.Data is { } json) members.Add(("json", json));
        if (entry.Tags.Count > 0)
            members.Add(("tags", IpldNode.Map([.. entry.Tags.Select(tag => (tag.Key, IpldNode.Text(tag.Value)))])));
        if (entry.Parents.Count > 0)
            members.Add(("parents", IpldNode.List([.. entry.Parents.Select(each => IpldNode.Bytes(each.ToBytes()))])));
        if (entry.Created is { } created)
            members.Add(("created", IpldNode.Integer(created.ToUnixTimeMilliseconds())));
        return IpldNode.Map([.. members]);
    }

    private static byte[] ReadVerifier()
    {
        using Stream stream = typeof(BundleExport).Assembly.GetManifestResourceStream(StoreSignatures.VerifierName)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
