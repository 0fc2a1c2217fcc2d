using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>Finding blocks by what is known of them.</summary>
public sealed partial class CidStore
{
    // The number of entries built while the registry is held once.
    private const int EntriesAtOnce = 256;

    /// <summary>
    /// The blocks that pass a filter, of every kind, found by the index that has the fewest keys for it
    /// (<c>Registry/Index/INDEXES.md</c>); no block is read.
    /// </summary>
    /// <param name="filter">What they shall be (<c>Registry/FILTER.md</c>); ages count from when the enumeration
    /// begins.</param>
    /// <param name="withAbsent">Whether blocks that are not here, but of which facts speak, are looked at too.</param>
    /// <returns>The entries, each as of when it is come to, in no order.</returns>
    /// <exception cref="ArrowCidException">While it is read: as for <see cref="Entries"/>.</exception>
    public IEnumerable<StoredEntry> Query(Filter filter, bool withAbsent = false)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return Passing(filter, withAbsent);
    }

    /// <summary>A page of the blocks that pass a filter. It ends as soon as the page is full, and the next one goes on
    /// after it, also in another process, and also if facts were written meanwhile.</summary>
    /// <param name="options">What, and how much.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <returns>The page, in the order of the index that <see cref="QueryExplanation.Index"/> names: by the time at
    /// which a tag or producer was said, or a block put.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: <see cref="QueryOptions.After"/> is
    /// no place in such a query; otherwise as for <see cref="Entries"/>.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public QueryPage Search(QueryOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit, nameof(options));
        var place = default(QueryPlace);
        if (options.After is { } after && !QueryPlace.TryParse(after, out place)) throw NoPlace(after);
        var wish = new QueryWish(options.Filter, options.WithAbsent, options.NewestFirst, Clock.GetUtcNow());
        bool goesOn = options.After is not null;
        if (goesOn && place.IsDescending != options.NewestFirst) throw NoPlace(options.After);
        QueryPlan plan = _registry.Plan(wish, goesOn ? place.Kind : null) ?? throw NoPlace(options.After);
        var entries = new List<StoredEntry>();
        long lookedAt = 0;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            int most = Math.Min(options.Limit - entries.Count, EntriesAtOnce);
            QueryPiece piece = _registry.Look(wish, plan, place, most);
            entries.AddRange(piece.Entries);
            lookedAt += piece.LookedAt;
            place = piece.Place;
            if (piece.IsEnd || entries.Count >= options.Limit)
                return new QueryPage(entries, piece.IsEnd ? null : place.ToToken(), Explain(plan, lookedAt));
        }
    }

    /// <summary>How many blocks pass a filter. Where an index answers all of it, no entry is read.</summary>
    /// <param name="filter">What they shall be; null: all.</param>
    /// <param name="withAbsent">Whether blocks that are not here, but of which facts speak, count too.</param>
    /// <param name="cancel">Ends the count.</param>
    /// <returns>Their number, and how it was come to.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Entries"/>.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public (long Count, QueryExplanation Plan) Count(Filter? filter = null, bool withAbsent = false,
        CancellationToken cancel = default)
    {
        var wish = new QueryWish(filter, withAbsent, IsDescending: false, Clock.GetUtcNow());
        QueryPlan plan = _registry.Plan(wish, null)!;
        long count = _registry.Count(wish, plan, cancel, out long lookedAt);
        return (count, Explain(plan, lookedAt));
    }

    /// <summary>Brings the indexes on disk up to date with all that was put and said. It also happens by itself, when
    /// much was.</summary>
    /// <param name="cancel">Ends it; what it had done stays.</param>
    /// <returns>False if another caller is doing it, the store is a ring, or it is open for reading only.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: there is no space for them.</exception>
    public bool Checkpoint(CancellationToken cancel = default) => _registry.Checkpoint(cancel);

    private IEnumerable<StoredEntry> Passing(Filter? filter, bool withAbsent)
    {
        var wish = new QueryWish(filter, withAbsent, IsDescending: false, Clock.GetUtcNow());
        foreach (StoredEntry entry in Along(wish, _registry.Plan(wish, null)!)) yield return entry;
    }

    /// <summary>What passes, in a plan's order.</summary>
    private IEnumerable<StoredEntry> Along(QueryWish wish, QueryPlan plan)
    {
        for (var place = default(QueryPlace); ;)
        {
            QueryPiece piece = _registry.Look(wish, plan, place, EntriesAtOnce);
            foreach (StoredEntry entry in piece.Entries) yield return entry;
            if (piece.IsEnd) yield break;
            place = piece.Place;
        }
    }

    private static QueryExplanation Explain(QueryPlan plan, long lookedAt) =>
        new(plan.Kind.ToString().ToLowerInvariant(), plan.Test, plan.Estimate, lookedAt);

    private static ArrowCidException NoPlace(string? after) => new(ErrorCode.InvalidArgument,
        $"'{after}' is no place in this query; take what its page before ended with, with the same filter and order");
}
