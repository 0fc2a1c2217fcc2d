using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Tags, expiry, provenance and other metadata of blocks; filters over them; the catalog.</summary>
public sealed partial class StoreMetadata
{
    private readonly CidStore _store;

    internal StoreMetadata(CidStore store) => _store = store;

    /// <summary>Returns a block's properties without reading its bytes.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>The block, or null where it is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: its record is damaged.</exception>
    public StoredBlock? TryFind(Cid cid)
    {
        using RecordLease? block = _store.Reading.FindUnjudged(cid);
        return block is null ? null : BlockProof.StoredOf(block.Info) is var found && cid.Codec == Multicodec.Raw
            ? found
            : found with { Address = found.Address with { Cid = cid } };
    }

    /// <summary>Describes a block and its metadata.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>Null if the block is not stored and has no metadata.</returns>
    /// <exception cref="ArrowCidException">The facts cannot be read: <see cref="ErrorCode.StoreGone"/>,
    /// <see cref="ErrorCode.Io"/>.</exception>
    public StoredEntry? Get(Cid cid) => cid.Version == 1 && cid.TryGetSha256(out Digest256 digest)
        ? _store.Registry.Entries.Describe(in digest)
        : null;

    /// <summary>Says something of a block, all at once. The block need not be here.</summary>
    /// <param name="cid">The CID, of version 1 with a SHA-256.</param>
    /// <param name="facts">What is said; it replaces what was said before, a tag at a time.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: something is over a limit; <see cref="ErrorCode.InvalidData"/>: the store's
    /// clock is more than an hour ahead; <see cref="ErrorCode.StoreFull"/>, <see cref="ErrorCode.Busy"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Set(Cid cid, BlockMetadata facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        BlockProof.ThrowIfDefault(cid);
        List<Fact> said = FactRecord.FactsOf(facts, cid, _store.Clock.GetUtcNow());
        if (said.Count > 0) _store.Registry.Facts.Append([.. said]);
    }

    /// <summary>Says something of each of many blocks, as <see cref="Set(Cid, BlockMetadata)"/> does in turn; as
    /// many as fit are said in one record, whole or not at all. Where one fails, those before it may be said.</summary>
    /// <param name="blocks">The CIDs and the metadata of each.</param>
    /// <param name="progress">Gets the number of blocks that received metadata so far, or will with the record that is
    /// being gathered.</param>
    /// <param name="cancellationToken">Cancels the call. Records that were written before stay.</param>
    /// <returns>The number of blocks that received metadata.</returns>
    /// <exception cref="ArrowCidException">As for the other.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public long Set(IEnumerable<KeyValuePair<Cid, BlockMetadata>> blocks,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        ArgumentNullException.ThrowIfNull(blocks);
        long count = 0;
        var said = new List<Fact>();
        var batch = new FactBatch(_store.Registry);
        foreach ((Cid cid, BlockMetadata facts) in blocks)
        {
            ArgumentNullException.ThrowIfNull(facts, nameof(blocks));
            BlockProof.ThrowIfDefault(cid);
            said.Clear();
            said.AddRange(FactRecord.FactsOf(facts, cid, _store.Clock.GetUtcNow()));
            if (said.Count == 0) continue;
            batch.Add(said);
            count++;
            operation.Step();
        }

        batch.Append();
        operation.Finish();
        return count;
    }

    /// <summary>Sets a tag; see <see cref="Set(Cid, BlockMetadata)"/>.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="key">The tag's key.</param>
    /// <param name="value">Its value.</param>
    public void Tag(Cid cid, string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        BlockProof.ThrowIfDefault(cid);
        _store.Registry.Facts.Append(new TagsFact(cid, [KeyValuePair.Create(key, (string?)value)]));
    }

    /// <summary>Takes a tag away; see <see cref="Set(Cid, BlockMetadata)"/>. Nothing happens where there is
    /// none.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="key">The tag's key.</param>
    public void Untag(Cid cid, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        BlockProof.ThrowIfDefault(cid);
        _store.Registry.Facts.Append(new TagsFact(cid, [KeyValuePair.Create(key, (string?)null)]));
    }

    /// <summary>Sets the time after which a block is no longer needed. Its first put time does not change. A stored
    /// block whose expiry is in the future stays, with what it needs, even if a collection of expired blocks runs at
    /// the same time.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="expires">When; null is never. A time more than a minute in the past is refused.</param>
    /// <exception cref="ArrowCidException">As for <see cref="Set(Cid, BlockMetadata)"/>, and
    /// <see cref="ErrorCode.BlockNotFound"/>: what the block needs was removed meanwhile.</exception>
    public void SetExpiry(Cid cid, DateTimeOffset? expires)
    {
        BlockProof.ThrowIfDefault(cid);
        if (expires is { } end) FactRecord.ThrowIfPast(end, _store.Clock.GetUtcNow());
        Touch([cid], expires is { } at ? FactRecord.MillisecondsOf(at) : null);
    }

    /// <summary>Sets the time after which blocks are no longer needed, as <see cref="SetExpiry(Cid, DateTimeOffset?)"/>
    /// does of one. As many as fit are changed in one record, whole or not at all; where one record fails, those before
    /// it are changed.</summary>
    /// <param name="cids">The CIDs.</param>
    /// <param name="expires">When; null is never. A time more than a minute in the past is refused.</param>
    /// <exception cref="ArrowCidException">As for the other.</exception>
    public void SetExpiry(IReadOnlyCollection<Cid> cids, DateTimeOffset? expires)
    {
        ArgumentNullException.ThrowIfNull(cids);
        foreach (Cid cid in cids) BlockProof.ThrowIfDefault(cid);
        if (expires is { } end) FactRecord.ThrowIfPast(end, _store.Clock.GetUtcNow());
        Touch(cids, expires is { } at ? FactRecord.MillisecondsOf(at) : null);
    }

    private void Touch(IReadOnlyCollection<Cid> cids, ulong? expires)
    {
        ulong sweep = _store.Blocks.Coordination.ReadSweep();
        var batch = new FactBatch(_store.Registry);
        var said = new List<Fact>(1);
        foreach (Cid cid in cids)
        {
            said.Clear();
            said.Add(new ExpiryFact(cid, expires));
            batch.Add(said);
        }

        batch.Append();
        _store.Registry.Pins.KeepTouched(cids, expires, sweep);
    }

    /// <summary>Returns a block's relations to other blocks.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>Its links; empty ones where nothing is known of it.</returns>
    public BlockLinks GetLinks(Cid cid)
    {
        StoredEntry? entry = Get(cid);
        IReadOnlyList<Cid> children = cid.TryGetSha256(out Digest256 digest)
            ? _store.Registry.Entries.Children(digest)
            : [];
        return new BlockLinks
        {
            Cid = cid,
            Schema = entry?.SchemaCid,
            Parents = entry?.Parents ?? [],
            Children = children,
            Names = entry?.Names ?? [],
        };
    }

    /// <summary>A page of the blocks that pass a filter. It ends as soon as the page is full, and the next one goes on
    /// after it, also in another process, and also if facts were written meanwhile.</summary>
    /// <param name="options">What, and how much.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The page, in the order of the index that <see cref="QueryExplanation.Index"/> names: by the time at
    /// which a tag or producer was said, or a block put.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: <see cref="QueryOptions.After"/> is
    /// no place in such a query; otherwise as for <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public QueryPage QueryPage(QueryOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit, nameof(options));
        var place = default(QueryPlace);
        if (options.After is { } after && !QueryPlace.TryParse(after, out place)) throw NoPlace(after);
        var wish = new QueryWish(options.Filter, options.IncludeMissing, options.NewestFirst, _store.Clock.GetUtcNow());
        bool goesOn = options.After is not null;
        if (goesOn && place.IsDescending != options.NewestFirst) throw NoPlace(options.After);
        QueryPlan plan = _store.Registry.Queries.Plan(wish, goesOn ? place.Kind : null) ?? throw NoPlace(options.After);
        var entries = new List<StoredEntry>();
        long lookedAt = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int most = Math.Min(options.Limit - entries.Count, CidStore.EntriesAtOnce);
            QueryPiece piece = _store.Registry.Queries.Look(wish, plan, place, most);
            entries.AddRange(piece.Entries);
            lookedAt += piece.LookedAt;
            place = piece.Place;
            if (piece.IsEnd || entries.Count >= options.Limit)
                return new QueryPage
                {
                    Entries = entries,
                    Next = piece.IsEnd ? null : place.ToToken(),
                    Plan = Explain(plan, lookedAt),
                };
        }
    }

    /// <summary>How many blocks pass a filter. Where an index answers all of it, no entry is read.</summary>
    /// <param name="filter">What they shall be; null: all.</param>
    /// <param name="includeMissing">Whether blocks that are not here, but of which facts speak, count too.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Their number, and how it was come to.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public (long Count, QueryExplanation Plan) Count(Filter? filter = null, bool includeMissing = false,
        CancellationToken cancellationToken = default)
    {
        var wish = new QueryWish(filter, includeMissing, IsDescending: false, _store.Clock.GetUtcNow());
        QueryPlan plan = _store.Registry.Queries.Plan(wish, null)!;
        long count = _store.Registry.Queries.Count(wish, plan, cancellationToken, out long lookedAt);
        return (count, Explain(plan, lookedAt));
    }

    private static QueryExplanation Explain(QueryPlan plan, long lookedAt) =>
        new()
        {
            Index = plan.Kind.ToString().ToLowerInvariant(),
            Test = plan.Test,
            Estimate = plan.Estimate,
            LookedAt = lookedAt,
        };

    private static ArrowCidException NoPlace(string? after) => new(ErrorCode.InvalidArgument,
        $"'{after}' is no place in this query; take what its page before ended with, with the same filter and order");
}
