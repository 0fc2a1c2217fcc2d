using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.Postgres;

/// <summary>What a member's store says about the blocks that it pushes.</summary>
internal sealed class LocalBlocks : IDisposable
{
    private readonly CidStore _store;

    public LocalBlocks(CidStore store) => (_store, Backend) = (store, store.Transfer.AsBackend());

    /// <summary>The blocks of the store.</summary>
    public BlockBackend Backend { get; }

    /// <summary>Blocks and all that they need, each after those that it needs: the signed statements too.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: the store lacks one.</exception>
    public List<PoolNode> Walk(IReadOnlyList<Cid> cids, CancellationToken end)
    {
        var nodes = new Dictionary<Cid, PoolNode>();
        var order = new List<PoolNode>();
        foreach (Cid cid in BlockWalk.ChildrenFirst(Backend, cids, end))
        {
            end.ThrowIfCancellationRequested();
            StoredEntry entry = _store.Metadata.Get(cid) is { IsPresent: true } known
                ? known
                : throw new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} in {_store.Directory}");
            List<Cid> children = ChildrenOf(entry, end);
            foreach (SignedPair pair in entry.Signed)
            {
                // Of a statement that is not here nothing can be pushed; its fact is.
                if (!_store.Contains(pair.Statement) || !_store.Contains(pair.Signature)) continue;
                foreach (Cid signed in (Cid[])[pair.Statement, pair.Signature])
                {
                    if (!nodes.ContainsKey(signed)) Add(new PoolNode(_store.Metadata.Get(signed)!, []));
                    children.Add(signed);
                }
            }

            if (!nodes.ContainsKey(entry.Cid))
                Add(new PoolNode(entry, [.. children.Select(PoolRows.BytesOf)]));
        }

        return order;

        void Add(PoolNode node)
        {
            nodes.Add(node.Cid, node);
            order.Add(node);
        }
    }

    /// <summary>The facts about blocks, with the stamps of those that said them.</summary>
    public List<FactGroup> FactsOf(IEnumerable<PoolNode> nodes)
    {
        var facts = new SortedDictionary<FactStamp, List<Fact>>();
        foreach (PoolNode node in nodes)
        {
            _ = node.Cid.TryGetSha256(out Digest256 digest);
            _store.Registry.Reader.Ask(() =>
            {
                if (_store.Registry.Reader.State.Find(in digest)?.Sheet is { } sheet) Collect(node.Cid, sheet, facts);
                return true;
            });
        }

        return [.. facts.Select(each => new FactGroup(each.Key, [.. each.Value]))];
    }

    /// <summary>All facts about blocks that are in the pool as far as the store knows, and the changes of the names
    /// that ever pointed to one, as payloads of records.</summary>
    public List<byte[]> FactsOfPool()
    {
        return _store.Registry.Reader.Ask(() =>
        {
            RegistryState state = _store.Registry.Reader.State;
            var facts = new SortedDictionary<FactStamp, List<Fact>>();
            var blocks = new HashSet<Digest256>();
            foreach ((Digest256 digest, BlockState block) in state.Pages)
            {
                if (block.Sheet is not { Copies: { } copies } sheet ||
                    !copies.TryGetValue(PoolMember.Place, out LwwRegister<CopyState?> copy)) continue;
                _ = blocks.Add(digest);
                var cid = Cid.FromSha256(sheet.Codec, digest);
                Collect(cid, sheet, facts);
                Add(copy.Stamp, new CopyFact(cid, PoolMember.Place, copy.Value));
            }

            foreach (NameLog name in state.Names)
            {
                bool isOfPool = name.Changes.Any(change => change.Target is { } target &&
                    target.TryGetSha256(out Digest256 digest) && blocks.Contains(digest));
                if (!isOfPool || name.Name.StartsWith(PoolMember.LocalNames, StringComparison.Ordinal)) continue;
                foreach (NameRecord change in name.Changes)
                    Add(change.Stamp, new NameFact(name.Name, change.Target, change.Previous));
            }

            return FactTable.PayloadsOf(facts.Select(each => new FactGroup(each.Key, [.. each.Value]))).ToList();

            void Add(FactStamp stamp, Fact fact)
            {
                if (!facts.TryGetValue(stamp, out List<Fact>? list)) facts.Add(stamp, list = []);
                list.Add(fact);
            }
        });
    }

    public void Dispose() => Backend.Dispose();

    private List<Cid> ChildrenOf(StoredEntry entry, CancellationToken end)
    {
        if (entry.Cid.Codec == Multicodec.Raw)
        {
            return entry.SchemaCid is { } schema && schema != entry.Cid && _store.Contains(schema) ? [schema] : [];
        }

        using BlockLease node = Backend.Get(entry.Cid, end);
        return BlockWalk.Children(Backend, node, end);
    }

    private static void Collect(Cid cid, BlockMetadataState sheet, SortedDictionary<FactStamp, List<Fact>> facts)
    {
        foreach (IGrouping<FactStamp, KeyValuePair<string, LwwRegister<string?>>> tags in
            sheet.TagWords.GroupBy(tag => tag.Value.Stamp))
        {
            KeyValuePair<string, string?>[] sorted =
                [.. tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value.Value))];
            Array.Sort(sorted, static (one, other) => IpldText.CompareKeys(one.Key, other.Key));
            Add(tags.Key, new TagsFact(cid, sorted));
        }

        if (sheet.Producer.IsSet) Add(sheet.Producer.Stamp, new ProducerFact(cid, sheet.Producer.Value));
        if (sheet.Parents.IsSet) Add(sheet.Parents.Stamp, new ParentsFact(cid, sheet.Parents.Value));
        if (sheet.Data.IsSet) Add(sheet.Data.Stamp, new JsonFact(cid, sheet.Data.Value));
        if (sheet.Expires.IsSet) Add(sheet.Expires.Stamp, new ExpiryFact(cid, sheet.Expires.Value));
        if (sheet.Pin.IsSet) Add(sheet.Pin.Stamp, new PinFact(cid, sheet.Pin.Value));
        foreach ((FactStamp stamp, string[] locations) in sheet.Locations?.Lists ?? [])
            Add(stamp, new LocationsFact(cid, locations));
        foreach ((SignedPair pair, FactStamp stamp) in sheet.Signed ?? [])
            Add(stamp, new SignedFact(cid, pair.Statement, pair.Signature));

        void Add(FactStamp stamp, Fact fact)
        {
            if (!facts.TryGetValue(stamp, out List<Fact>? list)) facts.Add(stamp, list = []);
            list.Add(fact);
        }
    }
}
