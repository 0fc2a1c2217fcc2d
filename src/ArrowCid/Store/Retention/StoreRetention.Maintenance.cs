using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Pins, removal, collection and forgetting of old versions.</summary>
public sealed partial class StoreRetention
{
    /// <summary>
    /// What was removed from the store, when, why and by whom, the last first. Removals are logged among the facts and
    /// outlive their blocks; compaction keeps them for 30 days, and of each segment of facts the last 4,096.
    /// </summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>One entry per block and removal.</returns>
    /// <exception cref="ArrowCidException">The store cannot be read: <see cref="ErrorCode.StoreGone"/>,
    /// <see cref="ErrorCode.Io"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<RemovalEntry> GetRemovals(CancellationToken cancellationToken = default)
    {
        var found = new SortedDictionary<FactStamp, RemovalFact>();
        foreach (FactPayload record in _store.Blocks.Listing.FactRecords())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                // A kill during a compaction leaves it twice.
                foreach (RemovalFact fact in group.Facts.OfType<RemovalFact>()) found[group.Stamp] = fact;
            }
        }

        return
        [
            .. found.Reverse().SelectMany(each => each.Value.Blocks.Select(block => new RemovalEntry
            {
                Cid = block.Cid,
                ByteLength = (long)Math.Min(block.Bytes, long.MaxValue),
                Time = each.Key.When,
                Reason = (RemovalReason)block.Reason,
                Rule = each.Value.Rule,
                By = each.Value.By,
            })),
        ];
    }
}
