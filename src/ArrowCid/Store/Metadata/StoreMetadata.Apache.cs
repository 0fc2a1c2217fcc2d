using ArrowCid.Columnar;
using ArrowCid.Registry;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>Tags, expiry, provenance and other metadata of blocks; filters over them; the catalog.</summary>
public sealed partial class StoreMetadata
{
    /// <summary>The schema of <see cref="ReadCatalog"/>'s batches; its metadata says its version.</summary>
    public static A.Schema CatalogSchema => ToApacheType.Schema(CatalogSchemaView);

    /// <summary>
    /// Reads the registry as a table: one row per block, of every kind, with its metadata. The order is that of the
    /// blocks' first puts, then of their digests; absent blocks come last. It takes memory for one batch, of at most
    /// 65,536 rows, whatever the store holds.
    /// </summary>
    /// <param name="filter">Which blocks (<c>Registry/FILTER.md</c>); null: all.</param>
    /// <param name="includeMissing">Whether blocks that are not in the store, but have metadata, are rows too.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>Batches of <see cref="CatalogSchema"/> in memory of their own, each entry as of when it is read; none
    /// where there is no entry.</returns>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    public IEnumerable<A.RecordBatch> ReadCatalog(Filter? filter = null, bool includeMissing = false,
        CancellationToken cancellationToken = default) =>
        ReadCatalogViews(filter, includeMissing, cancellationToken).Select(ToApache.Batch);

    /// <summary>Enumerates what <see cref="ReadCatalog"/> does, on threads of the pool, a few items ahead.</summary>
    /// <inheritdoc cref="ReadCatalog"/>
    public IAsyncEnumerable<A.RecordBatch> ReadCatalogAsync(Filter? filter = null, bool includeMissing = false,
        CancellationToken cancellationToken = default) =>
        AsyncItems.Of(end => ReadCatalog(filter, includeMissing, end), mostAtOnce: 1,
            cancellationToken: cancellationToken);
}
