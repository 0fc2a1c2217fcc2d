using ArrowCid.Columnar;
using A = Apache.Arrow;

namespace ArrowCid;

/// <summary>The audit trail as batches of Apache.Arrow.</summary>
public sealed partial class StoreAudit
{
    /// <summary>The schema of <see cref="Read"/>'s batches; its metadata says its version.</summary>
    public static A.Schema Schema => ToApacheType.Schema(AuditTable.Schema);

    /// <summary>Reads the entries as a table, oldest first.</summary>
    /// <param name="filter">Which entries; null: all.</param>
    /// <returns>Batches of <see cref="Schema"/> of at most 16,384 rows; none where there is no entry.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="List"/>.</exception>
    public IEnumerable<A.RecordBatch> Read(AuditFilter? filter = null) =>
        AuditTable.Of(List(filter)).Select(ToApache.Batch);
}
