using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>Datasets: ordered lists of batches of one schema under one CID.</summary>
public sealed partial class StoreDatasets
{
    /// <summary>Reads one column of a batch through its column manifest; only the manifest, the pieces of its head and
    /// of that column need be in the store.</summary>
    /// <param name="manifest">The manifest's CID.</param>
    /// <param name="column">The column's name, case-sensitive; of several of one name the first.</param>
    /// <returns>A batch of that one column, in memory of its own; null where the manifest is not in the
    /// store.</returns>
    /// <exception cref="ArrowCidException">As for
    /// <see cref="Transfer.BatchColumn.Read(Cid, string, Func{Cid, byte[]})"/>.</exception>
    public A.RecordBatch? TryGetColumn(Cid manifest, string column) =>
        TryGetColumnView(manifest, column) is { } view ? ToApache.Batch(view) : null;
}
