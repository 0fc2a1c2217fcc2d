using System.Text.Json;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// The audit trail: who put, named, pinned and removed what, and when (<c>Store/Audit/AUDIT.md</c>). A server records
/// the subject of each caller that it has authenticated, and a local handle
/// <see cref="CidStoreOptions.AuditSubject"/>, in the record of the change itself. Removals are recorded always.
/// The policy of the store says how long entries are kept.
/// </summary>
public sealed partial class StoreAudit
{
    private readonly CidStore _store;

    internal StoreAudit(CidStore store) => _store = store;

    /// <summary>Lists the entries, oldest first. It reads all records of facts.</summary>
    /// <param name="filter">Which entries; null: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The entries; none where nothing was recorded.</returns>
    /// <exception cref="ArrowCidException">The store cannot be read: <see cref="ErrorCode.StoreGone"/>,
    /// <see cref="ErrorCode.Io"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<AuditEntry> List(AuditFilter? filter = null, CancellationToken cancellationToken = default)
    {
        filter ??= new AuditFilter();
        var found = new List<(FactStamp Stamp, AuditEntry Entry)>();
        // A kill during a compaction, and a restore into a store that has it, leave a record twice.
        var seen = new HashSet<(FactStamp, AuditEntry)>();
        foreach (FactPayload record in _store.Blocks.Listing.FactRecords())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                foreach (AuditEntry entry in group.Facts.SelectMany(fact => EntriesOf(group.Stamp.When, fact)))
                {
                    if (filter.Matches(entry.Subject, entry.Time) && seen.Add((group.Stamp, entry)))
                        found.Add((group.Stamp, entry));
                }
            }
        }

        return [.. found.OrderBy(each => each.Stamp).Select(each => each.Entry)];
    }

    /// <summary>Does what <see cref="List"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="List"/>
    public Task<IReadOnlyList<AuditEntry>> ListAsync(AuditFilter? filter = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => List(filter, cancellationToken), cancellationToken);

    private static IEnumerable<AuditEntry> EntriesOf(DateTimeOffset time, Fact fact) => fact switch
    {
        AuditFact audit =>
        [
            new AuditEntry
            {
                Time = time,
                Subject = audit.By,
                Action = (AuditAction)audit.Action,
                Cid = audit.Block,
                Name = audit.Name,
            },
        ],
        RemovalFact removal => removal.Blocks.Select(block => new AuditEntry
        {
            Time = time,
            Subject = removal.By,
            Action = AuditAction.Remove,
            Cid = block.Cid,
            Detail = JsonNamingPolicy.CamelCase.ConvertName($"{(RemovalReason)block.Reason}") +
                (removal.Rule.Length > 0 ? $": {removal.Rule}" : ""),
        }),
        _ => [],
    };
}
