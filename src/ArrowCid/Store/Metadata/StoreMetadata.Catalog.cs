using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Tags, expiry, provenance and other metadata of blocks; filters over them; the catalog.</summary>
public sealed partial class StoreMetadata
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
    /// <param name="cancel">Ends the enumeration.</param>
    /// <returns>Batches in memory of their own, each entry as of when it is come to; none where there is no
    /// entry.</returns>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="CidStore.Query"/>.</exception>
    internal IEnumerable<RecordBatch> ReadCatalogViews(Filter? filter = null, bool withAbsent = false,
        CancellationToken cancel = default) => CatalogTable.Of(Cancelling(InOrder(filter, withAbsent), cancel));

    /// <summary>
    /// Puts the registry's state as a dataset: the batches of <see cref="ReadCatalog"/> without what would make
    /// it another by itself, that is without rows of snapshots' own blocks and without what only a living process
    /// holds. The same state and filter have the same CID, in every store. Nothing keeps it but a name or pin of its
    /// own.
    /// </summary>
    /// <param name="filter">Which blocks; null: all. Its canonical form is part of the CID.</param>
    /// <param name="includeMissing">Whether blocks that are not here, but of which facts speak, are rows too.</param>
    /// <param name="progress">Gets the number of blocks that were listed so far.</param>
    /// <param name="cancellationToken">Cancels the call. Batches that were put stay until they are collected.</param>
    /// <returns>The dataset's CID, the schema's, the rows and the blocks' bytes.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Query"/> and
    /// <see cref="CidStore.Put(Apache.Arrow.RecordBatch, PutOptions)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public PutResult PutSnapshot(Filter? filter = null, bool includeMissing = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        _store.Blocks.EnterToWrite();
        var cids = new List<Cid>();
        IEnumerable<StoredEntry> state = InOrder(filter, includeMissing).Where(entry => !IsOfSnapshot(entry));
        foreach (RecordBatch batch in CatalogTable.Of(state.Select(Counted), withHolds: false))
            cids.Add(_store.Put(batch).Cid);
        if (cids.Count == 0) cids.Add(_store.Put(CatalogTable.Empty()).Cid);
        var said = new Dictionary<string, string> { [CatalogTable.VersionKey] = CatalogTable.Version };
        if (filter is not null) said.Add("filter", filter.ToString());
        if (includeMissing) said.Add("absent", "true");
        PutResult put = _store.Datasets.Put(cids, said);
        operation.Finish();
        return put;

        StoredEntry Counted(StoredEntry entry)
        {
            operation.Step();
            return entry;
        }
    }

    /// <summary>Entries by the time of their first put, then by digest; those that are not here last.</summary>
    internal IEnumerable<StoredEntry> InOrder(Filter? filter, bool withAbsent = false)
    {
        var wish = new QueryWish(filter, withAbsent, IsDescending: false, _store.Clock.GetUtcNow());
        QueryPlan best = _store.Registry.Queries.Plan(wish, null)!;
        bool isFew = best.Kind is not (IndexKind.Created or IndexKind.Cid) && best.Estimate <= SortedAtMost;
        if (isFew)
        {
            return _store.Along(wish, best).OrderBy(entry => entry.Created ?? DateTimeOffset.MaxValue)
                .ThenBy(entry => entry.Cid, s_byDigest);
        }

        QueryWish here = wish with { WithAbsent = false };
        IEnumerable<StoredEntry> present = _store.Along(here, _store.Registry.Queries.Plan(here, IndexKind.Created)!);
        return withAbsent
            ? present.Concat(_store.Along(wish, _store.Registry.Queries.Plan(wish,
                IndexKind.Cid)!).Where(entry => !entry.IsPresent))
            : present;
    }

    private static byte[] KeyOf(Cid cid)
    {
        _ = cid.TryGetSha256(out Digest256 digest);
        return IndexKey.OfDigest(in digest);
    }

    internal static IEnumerable<StoredEntry> Cancelling(IEnumerable<StoredEntry> entries, CancellationToken cancel)
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
        using RecordLease? node = _store.Reading.Find(entry.Cid);
        if (node is null) return false;
        _ = CatalogTable.SchemaCid.TryGetSha256(out Digest256 own);
        foreach ((_, Digest256 need) in BlockNeeds.Of(_store.Blocks, node.Info) ?? [])
        {
            using RecordLease? block = _store.Blocks.Find(need);
            if (block?.Info.SchemaDigest == own) return true;
        }

        return false;
    }
}
