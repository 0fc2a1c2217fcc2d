using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Transfer;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Columns of batches at places, and the manifests that prove them.</summary>
/// <param name="store">The store.</param>
/// <param name="table">The manifests that are known.</param>
internal sealed class PlaceColumns(CidStore store, ColumnTable table)
{
    /// <summary>Reads columns, as <see cref="StorePlaces.ReadColumns"/> does.</summary>
    /// <param name="cid">A batch, a dataset or a column manifest.</param>
    /// <param name="columns">The names of the columns, at least one.</param>
    /// <param name="source">The blocks of this store, its places, and others.</param>
    /// <param name="fill">Whether this store keeps the manifests and pieces that were read.</param>
    /// <param name="ahead">How many batches are read before they are asked for.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    public IEnumerable<RecordBatch> Read(Cid cid, IReadOnlyList<string> columns, BlockBackend source,
        bool fill = false, int ahead = 4, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count == 0) throw new ArgumentException("There is no column.", nameof(columns));
        using BlockBackend? kept = fill ? store.Transfer.AsBackend() : null;
        IReadOnlyList<Cid> cids = ColumnReader.BatchesOf(source, cid, cancellationToken);
        bool[] isHere = [.. cids.Select(each => each.Codec == Multicodec.Raw && store.Contains(each))];
        var reader = new ColumnReader(source, columns, table.Find, kept);
        using IEnumerator<RecordBatch> elsewhere = reader
            .ReadMany([.. cids.Where((_, i) => !isHere[i])], ahead, cancellationToken).GetEnumerator();
        for (int i = 0; i < cids.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (isHere[i] && TryLease(cids[i]) is { } lease)
            {
                // A batch that is mapped here is read where it is, until the next.
                using (lease)
                {
                    RequireColumns(lease.View, columns);
                    yield return ColumnChoice.Of(lease.View, [.. columns.Distinct(StringComparer.Ordinal)]);
                }
            }
            else if (isHere[i])
            {
                yield return reader.Read(cids[i], cancellationToken);
            }
            else
            {
                _ = elsewhere.MoveNext();
                yield return elsewhere.Current;
            }
        }
    }

    private static void RequireColumns(RecordBatch batch, IReadOnlyList<string> columns)
    {
        foreach (string name in columns)
        {
            if (batch.Schema.IndexOf(name) < 0)
                throw ColumnReader.NoColumn($"'{name}'", batch.Schema.Fields.Select(field => field.Name));
        }
    }

    /// <summary>The batch where it is stored here; null where it is gone or damaged, so that another copy is
    /// read.</summary>
    private BatchLease? TryLease(Cid cid)
    {
        try
        {
            return store.TryGet(cid);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.NotCanonical)
        {
            return null;
        }
    }

    /// <summary>Stores the column manifests of datasets at a place, each as one node.</summary>
    public void CopySets(IReadOnlyList<Cid> roots, BlockBackend source, BlockBackend target,
        CancellationToken cancellationToken)
    {
        var made = new List<(Cid Dataset, Cid Set)>();
        foreach (Cid root in roots.Where(root => root.Codec == Multicodec.DagCbor).Distinct())
        {
            if (TryMakeColumnSet(root, source, cancellationToken) is not var (cid, node)) continue;
            target.Put(cid, node, cancellationToken);
            made.Add((root, cid));
        }

        table.Add(made);
    }

    /// <summary>As <see cref="MakeColumnSet"/>, of a node that may be of another kind or lack its pages here.</summary>
    private (Cid Cid, byte[] Node)? TryMakeColumnSet(Cid cid, BlockBackend source, CancellationToken cancellationToken)
    {
        try
        {
            return MakeColumnSet(cid, source, cancellationToken);
        }
        catch (Exception e) when (e is InvalidIpldException
            or ArrowCidException { Code: ErrorCode.BlockNotFound or ErrorCode.BlockCorrupt })
        {
            // Its batches are read whole.
            return null;
        }
    }

    /// <returns>Null where the block is no dataset with a large batch, or a manifest was over the limit.</returns>
    private (Cid Cid, byte[] Node)? MakeColumnSet(Cid cid, BlockBackend source, CancellationToken cancellationToken)
    {
        IpldNode root = ReadNode(cid);
        if (ManifestNode.KindOf(root) != Dataset.Kind) return null;
        var parts = new List<Cid>();
        foreach (DatasetBatch batch in Dataset.Decode(root, ReadNode).Batches)
        {
            Cid? part = batch.ByteLength > ManifestCopies.LargeBytes ? table.Find(batch.Cid) : batch.Cid;
            if (part is not { } known) return null;
            parts.Add(known);
        }

        if (!parts.Exists(part => part.Codec == Multicodec.DagCbor)) return null;
        try
        {
            return new ColumnSet(cid, [.. parts]).Encode();
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.TooLarge)
        {
            return null;
        }

        IpldNode ReadNode(Cid each)
        {
            using BlockLease block = source.Get(each, cancellationToken);
            return DagCbor.Decode(block.Bytes.Span);
        }
    }

    /// <summary>Adds the manifests of large batches that were at the place before and may lack them there.</summary>
    public void AddManifests(IReadOnlyList<Cid> cids, ManifestCopies manifests, BlockBackend own,
        CancellationToken cancellationToken)
    {
        HashSet<Cid> made = [.. manifests.Pairs.Select(pair => pair.Block)];
        foreach (Cid cid in cids)
        {
            bool isLarge = cid.Codec == Multicodec.Raw && !made.Contains(cid) && store.Metadata.Get(cid) is
            { Kind: BlockKind.Batch, IsPresent: true, ByteLength: > ManifestCopies.LargeBytes };
            if (!isLarge || table.Find(cid) is not null) continue;
            if (own.TryGet(cid, cancellationToken) is { } block) manifests.Add(block).Dispose();
        }
    }
}
