using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Finding blocks by what is known of them.</summary>
public sealed partial class CidStore
{
    // The number of entries built while the registry is held once.
    internal const int EntriesAtOnce = 256;

    /// <summary>
    /// Lists the blocks that pass a filter, of every kind, with their metadata. The index with the fewest keys for the
    /// filter finds them (<c>Registry/Index/INDEXES.md</c>); no block is read.
    /// </summary>
    /// <param name="filter">The filter (<c>Registry/FILTER.md</c>); ages count from when the enumeration begins. Null:
    /// every block.</param>
    /// <param name="includeMissing">Whether blocks that are not in the store, but that have metadata, are listed
    /// too.</param>
    /// <returns>The entries, in no order, each as of the moment it is read. A block that is put meanwhile may be left
    /// out.</returns>
    /// <exception cref="ArrowCidException">While it is read: the metadata cannot be read:
    /// <see cref="ErrorCode.StoreGone"/>, <see cref="ErrorCode.Io"/>.</exception>
    public IEnumerable<StoredEntry> Query(Filter? filter = null, bool includeMissing = false)
    {
        var wish = new QueryWish(filter, includeMissing, IsDescending: false, Clock.GetUtcNow());
        foreach (StoredEntry entry in Along(wish, Registry.Queries.Plan(wish, null)!)) yield return entry;
    }

    /// <summary>What passes, in a plan's order.</summary>
    internal IEnumerable<StoredEntry> Along(QueryWish wish, QueryPlan plan)
    {
        for (var place = default(QueryPlace); ;)
        {
            QueryPiece piece = Registry.Queries.Look(wish, plan, place, EntriesAtOnce);
            foreach (StoredEntry entry in piece.Entries) yield return entry;
            if (piece.IsEnd) yield break;
            place = piece.Place;
        }
    }
}
