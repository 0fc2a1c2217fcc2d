using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>Queries: keys of one order, each looked up and asked the whole filter.</summary>
internal sealed class QueryReader(BlockStore blocks, RegistryReader reader, EntryReader entries)
{
    // The number of keys examined while the gate is held once.
    private const int KeysAtOnce = 1024;

    // The number of keys read before the first of them is looked up.
    private const int KeysAhead = 16;

    /// <summary>The order that a query would go by.</summary>
    /// <param name="wish">What it is to find.</param>
    /// <param name="kind">The order that it began with, where it goes on.</param>
    /// <returns>Null where it cannot go by that order.</returns>
    public QueryPlan? Plan(QueryWish wish, IndexKind? kind) => reader.Ask(() => QueryPlanner.Choose(wish.Filter,
        wish.WithAbsent, wish.Now.UtcTicks, kind, Estimate));

    /// <summary>Looks on for what a query is to find.</summary>
    /// <param name="wish">What.</param>
    /// <param name="plan">The order to go by.</param>
    /// <param name="place">The key to continue after; the default starts at the beginning.</param>
    /// <param name="most">The maximum number of entries.</param>
    public QueryPiece Look(QueryWish wish, QueryPlan plan, QueryPlace place, int most) =>
        reader.Ask(() => LookHere(wish, plan, place, most));

    /// <summary>Counts what passes.</summary>
    public long Count(QueryWish wish, QueryPlan plan, CancellationToken cancel, out long lookedAt)
    {
        lookedAt = 0;
        if (plan.IsExact)
        {
            (long Count, long LookedAt) counted = reader.Ask(() => CountKeys(wish, plan, cancel));
            lookedAt = counted.LookedAt;
            return counted.Count;
        }

        long count = 0;
        for (var place = default(QueryPlace); ;)
        {
            cancel.ThrowIfCancellationRequested();
            QueryPiece piece = Look(wish, plan, place, KeysAtOnce);
            count += piece.Entries.Count;
            lookedAt += piece.LookedAt;
            if (piece.IsEnd) return count;
            place = piece.Place;
        }
    }

    private QueryPiece LookHere(QueryWish wish, QueryPlan plan, QueryPlace place, int most)
    {
        var found = new List<StoredEntry>();
        var foundBy = new FoundBy(plan, wish.IsDescending);
        var ahead = new List<KeyAhead>(KeysAhead);
        long lookedAt = 0;
        int keys = 0;
        byte[]? last = place.Key;
        foreach (KeyRange range in InOrder(plan, wish.IsDescending))
        {
            if (Behind(range, last, wish.IsDescending) is not { } rest) continue;
            MergedCursor cursor = reader.Open(plan.Kind, rest, wish.IsDescending);
            while (cursor.Next())
            {
                int left = Math.Min(most - found.Count, KeysAtOnce - keys);
                if (left <= 0)
                    return new QueryPiece(found, new QueryPlace(plan.Kind, wish.IsDescending, last), false, lookedAt);
                ReadAhead(ahead, plan.Kind, cursor, Math.Min(left, KeysAhead));
                keys += ahead.Count;
                foreach (KeyAhead next in ahead)
                {
                    last = next.Key;
                    if (next.Digest is not { } digest) continue;
                    // Most of what facts speak of may be elsewhere: that costs no look at the entry.
                    if (!wish.WithAbsent && !blocks.Contains(in digest)) continue;
                    lookedAt++;
                    BlockState? page = reader.State.Find(in digest, next.Speakers);
                    if (EntryAt(foundBy, plan.Kind, last, in digest, page, wish) is { } entry) found.Add(entry);
                }
            }
        }

        GC.KeepAlive(reader.State);
        return new QueryPiece(found, new QueryPlace(plan.Kind, wish.IsDescending, last), true, lookedAt);
    }

    /// <summary>The key that a cursor stands at, and those after it, and the blocks that they lead to. The memory
    /// where these are looked up is asked for together.</summary>
    private void ReadAhead(List<KeyAhead> ahead, IndexKind kind, MergedCursor cursor, int count)
    {
        Span<Digest256> digests = stackalloc Digest256[KeysAhead];
        Span<RunSet> speakers = stackalloc RunSet[KeysAhead];
        int found = 0;
        ahead.Clear();
        do
        {
            byte[] key = cursor.Key.ToArray();
            Digest256? digest = DigestOf(kind, key);
            if (digest is { } known) digests[found++] = known;
            ahead.Add(new KeyAhead(key, digest, default));
        }
        while (ahead.Count < count && cursor.Next());
        reader.State.Index.Ask(digests[..found], speakers);
        blocks.Ask(digests[..found]);
        for (int i = 0, at = 0; i < ahead.Count; i++)
        {
            if (ahead[i].Digest is not null) ahead[i] = ahead[i] with { Speakers = speakers[at++] };
        }
    }

    /// <summary>The entry that a key leads to, where it passes and this is the key that it is found by.</summary>
    private StoredEntry? EntryAt(FoundBy found, IndexKind kind, ReadOnlySpan<byte> key, in Digest256 digest,
        BlockState? page, QueryWish wish)
    {
        BlockInfo? info = entries.Look(in digest, page);
        if (info is null && !(wish.WithAbsent && page?.Sheet is not null)) return null;
        if (!IsFoundBy(found, kind, key, in digest, page, info)) return null;
        StoredEntry entry = entries.Show(in digest, info, page);
        return wish.Filter is null || wish.Filter.Matches(entry, wish.Now) ? entry : null;
    }

    /// <summary>An entry may have several keys, and those that were replaced lie about: it is found by the first one
    /// that stands.</summary>
    private bool IsFoundBy(FoundBy found, IndexKind kind, ReadOnlySpan<byte> key, in Digest256 digest, BlockState? page,
        BlockInfo? info) => kind switch
        {
            IndexKind.Cid => true,
            IndexKind.Name => found.Is(key, reader.State.NamesOf(in digest, page)),
            _ => found.Is(key, in digest, page, info),
        };

    /// <summary>The block that a key leads to; a name may point to nothing.</summary>
    private Digest256? DigestOf(IndexKind kind, byte[] key)
    {
        if (kind == IndexKind.Cid) return new Digest256(key);
        if (kind != IndexKind.Name) return IndexKey.DigestOf(key);
        return reader.State.FindName(IpldText.Utf8.GetString(key))?.Last.Target is { } target &&
            target.TryGetSha256(out Digest256 digest) ? digest : null;
    }

    private (long Count, long LookedAt) CountKeys(QueryWish wish, QueryPlan plan, CancellationToken cancel)
    {
        long count = 0, lookedAt = 0;
        IndexSnapshot index = reader.State.Index;
        var found = new FoundBy(plan, wish.IsDescending);
        foreach (KeyRange range in plan.Ranges)
        {
            MergedCursor cursor = reader.Open(plan.Kind, range, isDescending: false);
            for (int i = 0; cursor.Next(); i++)
            {
                if ((i & 0xffff) == 0) cancel.ThrowIfCancellationRequested();
                Digest256 digest = plan.Kind == IndexKind.Cid
                    ? new Digest256(cursor.Key)
                    : IndexKey.DigestOf(cursor.Key);
                if (!wish.WithAbsent && !blocks.Contains(in digest)) continue;
                // What one run alone speaks of has no later word: its key stands.
                bool stands = plan.Kind != IndexKind.Cid && (wish.WithAbsent || !reader.State.HasDrops) &&
                    !reader.State.Recent.ContainsKey(digest) && index.IsSaidOnce(in digest);
                lookedAt += stands ? 0 : 1;
                if (stands || IsFound()) count++;

                bool IsFound() => EntryAt(found, plan.Kind, cursor.Key, in digest, reader.State.Find(in digest),
                    wish) is not null;
            }
        }

        GC.KeepAlive(index);
        return (count, lookedAt);
    }

    private long Estimate(QueryPlan plan)
    {
        long keys = 0;
        foreach (KeyRange range in plan.Ranges)
            keys += reader.State.Index.Estimate(plan.Kind, range.Low, range.High) +
                reader.CountRecent(plan.Kind, range);
        return keys;
    }

    private static IEnumerable<KeyRange> InOrder(QueryPlan plan, bool isDescending) =>
        isDescending ? Enumerable.Reverse(plan.Ranges) : plan.Ranges;

    /// <summary>What of a range is still to come.</summary>
    private static KeyRange? Behind(KeyRange range, byte[]? last, bool isDescending)
    {
        if (last is null) return range;
        KeyRange rest = range.And(isDescending ? new KeyRange(null, last) : new KeyRange([.. last, 0], null));
        bool isEmpty = rest is { Low: { } low, High: { } high } && low.AsSpan().SequenceCompareTo(high) >= 0;
        return isEmpty ? null : rest;
    }
}
