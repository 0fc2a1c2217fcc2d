using ArrowCid.Columnar;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Transfer;

namespace ArrowCid;

/// <summary>Metadata of blocks (<c>Registry/FACTS.md</c>).</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Stores a batch, as <see cref="Put(RecordBatch)"/> does, with metadata. The metadata is visible as soon as the
    /// block is; the name is assigned once the block is stored.
    /// </summary>
    /// <param name="batch">The batch; its memory is read until the call returns.</param>
    /// <param name="options">Its metadata.</param>
    /// <returns>The block's address and whether it is new.</returns>
    /// <exception cref="InvalidArrowException">The batch has no canonical block.</exception>
    /// <exception cref="ArrowCidException">As for the other, and <see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: a fact is over a limit, and nothing was put;
    /// <see cref="ErrorCode.Unsupported"/>: a name or pin in a ring.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    internal PutResult Put(RecordBatch batch, PutOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PutExpected(batch, default, options);
    }

    /// <summary>Puts a batch where its block has a CID that is known before, which the put's own hash proves.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="expected">The CID; the default: any.</param>
    /// <param name="options">What is to be said of it, or null.</param>
    /// <param name="mustBeNew">Whether the put must create the block.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the block has another CID, and was not
    /// put. Others as for <see cref="Put(RecordBatch, PutOptions)"/>.</exception>
    /// <exception cref="BlockExistsException">The put must create the block, and the store has it. Nothing was
    /// written.</exception>
    internal PutResult PutExpected(RecordBatch batch, Cid expected, PutOptions? options, bool mustBeNew = false) =>
        PutAs(options, facts => PutWith(batch, facts, expected, mustBeNew));

    /// <summary>Puts a batch that was encoded before, as <see cref="Put(RecordBatch, PutOptions)"/> does.</summary>
    internal PutResult PutSpooled(SpooledBatch batch, PutOptions? options = null, bool mustBeNew = false) =>
        PutAs(options, facts => PutNeeding(batch.Request with { Facts = facts, MustBeNew = mustBeNew }, batch.Schema));

    private PutResult PutAs(PutOptions? options, Func<FactRecord?, PutResult> put)
    {
        PutResult result = put(options is null ? null : _registry.RecordOfPut(options, options.Pin, options.Name));
        if (options?.Name is { } name) _ = SetName(name, result.Cid);
        return result;
    }

    /// <summary>Describes a block and its metadata.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>Null if the block is not stored and has no metadata.</returns>
    /// <exception cref="ArrowCidException">The facts cannot be read: <see cref="ErrorCode.StoreGone"/>,
    /// <see cref="ErrorCode.Io"/>.</exception>
    public StoredEntry? Describe(Cid cid) => cid.Version == 1 && cid.TryGetSha256(out Digest256 digest)
        ? _registry.Describe(in digest)
        : null;

    /// <summary>Every stored batch and other block, with its metadata; in no order.</summary>
    /// <param name="withAbsent">Also blocks that are not here and of which something is said.</param>
    /// <returns>The entries, each as of when it is come to. What is put meanwhile may be left out.</returns>
    public IEnumerable<StoredEntry> Entries(bool withAbsent = false) => Passing(null, withAbsent);

    /// <summary>Says something of a block, all at once. The block need not be here.</summary>
    /// <param name="cid">The CID, of version 1 with a SHA-256.</param>
    /// <param name="facts">What is said; it replaces what was said before, a tag at a time.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/> or
    /// <see cref="ErrorCode.TooLarge"/>: something is over a limit; <see cref="ErrorCode.InvalidData"/>: the store's
    /// clock is more than an hour ahead; <see cref="ErrorCode.StoreFull"/>, <see cref="ErrorCode.Busy"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void Annotate(Cid cid, BlockMetadata facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ThrowIfDefault(cid);
        List<Fact> said = FactRecord.FactsOf(facts, cid, Clock.GetUtcNow());
        if (said.Count > 0) _registry.Append([.. said]);
    }

    /// <summary>Says something of each of many blocks, as <see cref="Annotate(Cid, BlockMetadata)"/> does in turn; as
    /// many as fit are said in one record, whole or not at all. Where one fails, those before it may be said.</summary>
    /// <param name="blocks">The CIDs and the metadata of each.</param>
    /// <returns>The number of blocks that received metadata.</returns>
    /// <exception cref="ArrowCidException">As for the other.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public long Annotate(IEnumerable<KeyValuePair<Cid, BlockMetadata>> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        long count = 0;
        var said = new List<Fact>();
        var batch = new FactBatch(_registry);
        foreach ((Cid cid, BlockMetadata facts) in blocks)
        {
            ArgumentNullException.ThrowIfNull(facts, nameof(blocks));
            ThrowIfDefault(cid);
            said.Clear();
            said.AddRange(FactRecord.FactsOf(facts, cid, Clock.GetUtcNow()));
            if (said.Count == 0) continue;
            batch.Add(said);
            count++;
        }

        batch.Append();
        return count;
    }

    /// <summary>Sets a tag; see <see cref="Annotate(Cid, BlockMetadata)"/>.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="key">The tag's key.</param>
    /// <param name="value">Its value.</param>
    public void Tag(Cid cid, string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ThrowIfDefault(cid);
        _registry.Append(new TagsFact(cid, [KeyValuePair.Create(key, (string?)value)]));
    }

    /// <summary>Takes a tag away; see <see cref="Annotate(Cid, BlockMetadata)"/>. Nothing happens where there is
    /// none.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="key">The tag's key.</param>
    public void Untag(Cid cid, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfDefault(cid);
        _registry.Append(new TagsFact(cid, [KeyValuePair.Create(key, (string?)null)]));
    }

    /// <summary>Sets the time after which a block is no longer needed. Its first put time does not change. A stored
    /// block whose expiry is in the future stays, with what it needs, even if a collection of expired blocks runs at
    /// the same time.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="expires">When; null is never. A time more than a minute in the past is refused.</param>
    /// <exception cref="ArrowCidException">As for <see cref="Annotate(Cid, BlockMetadata)"/>, and
    /// <see cref="ErrorCode.BlockNotFound"/>: what the block needs was removed meanwhile.</exception>
    public void Touch(Cid cid, DateTimeOffset? expires)
    {
        ThrowIfDefault(cid);
        if (expires is { } end) FactRecord.ThrowIfPast(end, Clock.GetUtcNow());
        _registry.Touch(cid, expires is { } at ? FactRecord.MillisecondsOf(at) : null);
    }

    /// <summary>Returns a block's relations to other blocks.</summary>
    /// <param name="cid">The CID.</param>
    /// <returns>Its links; empty ones where nothing is known of it.</returns>
    public BlockLinks Links(Cid cid)
    {
        StoredEntry? entry = Describe(cid);
        IReadOnlyList<Cid> children = cid.TryGetSha256(out Digest256 digest) ? _registry.Children(digest) : [];
        return new BlockLinks(cid, entry?.SchemaCid, entry?.Parents ?? [], children, entry?.Names ?? []);
    }

    /// <summary>What in the store's facts cannot be read or is over a limit, and counts for nothing; for
    /// people.</summary>
    /// <returns>Sentences without full stops: the first hundred, and how many more.</returns>
    public IReadOnlyList<string> CheckFacts()
    {
        (IReadOnlyList<string> said, long count) = _registry.Faults();
        return count == said.Count ? said : [.. said, $"and {count - said.Count} more"];
    }

    private static void ThrowIfDefault(Cid cid)
    {
        if (cid.IsDefault) throw new ArgumentException("default(Cid) is no block; it was never set.", nameof(cid));
    }
}
