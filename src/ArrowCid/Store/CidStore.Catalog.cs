using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>The registry as a table (<c>Registry/CATALOG.md</c>).</summary>
public sealed partial class CidStore
{
    // Up to this number of entries are sorted into the table's order in memory, if an index finds exactly them.
    private const int SortedAtMost = CatalogTable.RowsPerBatch;

    private static readonly Comparer<Cid> s_byDigest = Comparer<Cid>.Create(static (one, other) =>
        KeyOf(one).AsSpan().SequenceCompareTo(KeyOf(other)));

    /// <summary>The schema of <see cref="ReadCatalogViews"/>'s batches; its metadata says its version.</summary>
    internal static Schema CatalogSchemaView => CatalogTable.Schema;

    /// <summary>
    /// Returns the registry as a table: one row per block, of every kind, with its metadata. The order is that of the
    /// blocks' first puts, then of their digests; blocks that are not stored come last. It takes memory for one batch,
    /// of at most 65,536 rows, whatever the store holds.
    /// </summary>
    /// <param name="filter">Which blocks (<c>Registry/FILTER.md</c>); null: all.</param>
    /// <param name="withAbsent">Whether blocks that are not here, but of which facts speak, are rows too.</param>
    /// <returns>Batches in memory of their own, each entry as of when it is come to; none where there is no
    /// entry.</returns>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="Entries"/>.</exception>
    internal IEnumerable<RecordBatch> ReadCatalogViews(Filter? filter = null, bool withAbsent = false) =>
        CatalogTable.Of(InOrder(filter, withAbsent));

    /// <summary>
    /// Puts the registry's state as a dataset: the batches of <see cref="ReadCatalog"/> without what would make
    /// it another by itself, that is without rows of snapshots' own blocks and without what only a living process
    /// holds. The same state and filter have the same CID, in every store. Nothing keeps it but a name or pin of its
    /// own.
    /// </summary>
    /// <param name="filter">Which blocks; null: all. Its canonical form is part of the CID.</param>
    /// <param name="withAbsent">Whether blocks that are not here, but of which facts speak, are rows too.</param>
    /// <param name="cancel">Ends it; batches that were put stay until they are collected.</param>
    /// <returns>The dataset's CID, the schema's, the rows and the blocks' bytes.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Entries"/> and
    /// <see cref="Put(Apache.Arrow.RecordBatch)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public PutResult PutSnapshot(Filter? filter = null, bool withAbsent = false, CancellationToken cancel = default)
    {
        _blocks.EnterToWrite();
        var cids = new List<Cid>();
        IEnumerable<StoredEntry> state = InOrder(filter, withAbsent).Where(entry => !IsOfSnapshot(entry));
        foreach (RecordBatch batch in CatalogTable.Of(Cancelling(state, cancel), withHolds: false))
            cids.Add(Put(batch).Cid);
        if (cids.Count == 0) cids.Add(Put(CatalogTable.Empty()).Cid);
        var said = new Dictionary<string, string> { [CatalogTable.VersionKey] = CatalogTable.Version };
        if (filter is not null) said.Add("filter", filter.ToString());
        if (withAbsent) said.Add("absent", "true");
        return PutDataset(cids, said);
    }

    /// <summary>Entries by the time of their first put, then by digest; those that are not here last.</summary>
    internal IEnumerable<StoredEntry> InOrder(Filter? filter, bool withAbsent = false)
    {
        var wish = new QueryWish(filter, withAbsent, IsDescending: false, Clock.GetUtcNow());
        QueryPlan best = _registry.Plan(wish, null)!;
        bool isFew = best.Kind is not (IndexKind.Created or IndexKind.Cid) && best.Estimate <= SortedAtMost;
        if (isFew)
        {
            return Along(wish, best).OrderBy(entry => entry.Created ?? DateTimeOffset.MaxValue)
                .ThenBy(entry => entry.Cid, s_byDigest);
        }

        QueryWish here = wish with { WithAbsent = false };
        IEnumerable<StoredEntry> present = Along(here, _registry.Plan(here, IndexKind.Created)!);
        return withAbsent
            ? present.Concat(Along(wish, _registry.Plan(wish, IndexKind.Cid)!).Where(entry => !entry.IsPresent))
            : present;
    }

    private static byte[] KeyOf(Cid cid)
    {
        _ = cid.TryGetSha256(out Digest256 digest);
        return IndexKey.OfDigest(in digest);
    }

    private static IEnumerable<StoredEntry> Cancelling(IEnumerable<StoredEntry> entries, CancellationToken cancel)
    {
        foreach (StoredEntry entry in entries)
        {
            cancel.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    /// <summary>Whether a block is a snapshot's schema or batch, or a node that links to such.</summary>
    private bool IsOfSnapshot(StoredEntry entry)
    {
        if (entry.SchemaCid is { } schema) return schema == CatalogTable.SchemaCid;
        if (entry.Cid.Codec != Multicodec.DagCbor) return false;
        using BlockLease? node = Find(entry.Cid);
        if (node is null) return false;
        _ = CatalogTable.SchemaCid.TryGetSha256(out Digest256 own);
        foreach ((_, Digest256 need) in BlockNeeds.Of(_blocks, node.Info) ?? [])
        {
            using BlockLease? block = _blocks.Find(need);
            if (block?.Info.SchemaDigest == own) return true;
        }

        return false;
    }
}
