using System.Buffers.Text;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid.Registry;

/// <summary>What a query is to find, and where it goes on.</summary>
internal sealed record QueryWish(Filter? Filter, bool WithAbsent, bool IsDescending, DateTimeOffset Now);

/// <summary>Where a query stands in its order: behind a key of one of its ranges.</summary>
internal readonly record struct QueryPlace(IndexKind Kind, bool IsDescending, byte[]? Key)
{
    private const byte Version = 1;

    public string ToToken() =>
        Base64Url.EncodeToString([Version, (byte)Kind, IsDescending ? (byte)1 : (byte)0, .. Key ?? []]);

    public static bool TryParse(string token, out QueryPlace place)
    {
        place = default;
        if (!Base64Url.IsValid(token)) return false;
        byte[] bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length < 4 || bytes[0] != Version || bytes[2] > 1) return false;
        place = new QueryPlace((IndexKind)bytes[1], bytes[2] == 1, bytes[3..]);
        return Enum.IsDefined(place.Kind);
    }
}

/// <summary>Some of what a query found.</summary>
/// <param name="Entries">The entries, in the plan's order.</param>
/// <param name="Place">Behind the last key that was looked at.</param>
/// <param name="IsEnd">Whether there is nothing more.</param>
/// <param name="LookedAt">The entries that were made and asked.</param>
internal readonly record struct QueryPiece(List<StoredEntry> Entries, QueryPlace Place, bool IsEnd, long LookedAt);

/// <summary>Queries: keys of one order, each looked up and asked the whole filter.</summary>
internal sealed partial class StoreRegistry
{
    // So many keys are looked at under one hold of the gate.
    private const int KeysAtOnce = 1024;

    // Sorted keys of what is in the book and not in the index, made when they are asked for.
    private readonly Dictionary<IndexKind, List<byte[]>> _recentKeys = [];

    /// <summary>The order that a query would go by.</summary>
    /// <param name="wish">What it is to find.</param>
    /// <param name="kind">The order that it began with, where it goes on.</param>
    /// <returns>Null where it cannot go by that order.</returns>
    public QueryPlan? Plan(QueryWish wish, IndexKind? kind) => Ask(() => QueryPlanner.Choose(wish.Filter,
        wish.WithAbsent, wish.Now.UtcTicks, kind, Estimate));

    /// <summary>Looks on for what a query is to find.</summary>
    /// <param name="wish">What.</param>
    /// <param name="plan">The order to go by.</param>
    /// <param name="place">Behind which key; the default begins.</param>
    /// <param name="most">At most so many entries.</param>
    public QueryPiece Look(QueryWish wish, QueryPlan plan, QueryPlace place, int most) =>
        Ask(() => LookHere(wish, plan, place, most));

    /// <summary>Counts what passes.</summary>
    public long Count(QueryWish wish, QueryPlan plan, CancellationToken cancel, out long lookedAt)
    {
        lookedAt = 0;
        if (plan.IsExact)
        {
            (long Count, long LookedAt) counted = Ask(() => CountKeys(wish, plan, cancel));
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
        long lookedAt = 0;
        int keys = 0;
        byte[]? last = place.Key;
        foreach (KeyRange range in InOrder(plan, wish.IsDescending))
        {
            if (Behind(range, last, wish.IsDescending) is not { } rest) continue;
            MergedCursor cursor = Open(plan.Kind, rest, wish.IsDescending);
            while (cursor.Next())
            {
                if (found.Count >= most || keys++ >= KeysAtOnce)
                    return new QueryPiece(found, new QueryPlace(plan.Kind, wish.IsDescending, last), false, lookedAt);
                byte[] key = cursor.Key.ToArray();
                last = key;
                if (DigestOf(plan.Kind, key) is not { } digest) continue;
                // Most of what facts speak of may be elsewhere: that costs no look at the entry.
                if (!wish.WithAbsent && !_blocks.Contains(in digest)) continue;
                lookedAt++;
                if (EntryAt(plan, key, in digest, wish) is { } entry) found.Add(entry);
            }
        }

        GC.KeepAlive(_book);
        return new QueryPiece(found, new QueryPlace(plan.Kind, wish.IsDescending, last), true, lookedAt);
    }

    /// <summary>The entry that a key leads to, where it passes and this is the key that it is found by.</summary>
    private StoredEntry? EntryAt(QueryPlan plan, byte[] key, in Digest256 digest, QueryWish wish)
    {
        FactPage? page = _book.Find(in digest);
        BlockInfo? info = Look(in digest, page);
        if (info is null && !(wish.WithAbsent && page?.Sheet is not null)) return null;
        if (!IsFoundBy(plan, key, in digest, page, info, wish.IsDescending)) return null;
        StoredEntry entry = Show(in digest, info, page);
        return wish.Filter is null || wish.Filter.Matches(entry, wish.Now) ? entry : null;
    }

    /// <summary>An entry may have several keys, and those that were replaced lie about: it is found by the first one
    /// that stands.</summary>
    private bool IsFoundBy(QueryPlan plan, byte[] key, in Digest256 digest, FactPage? page, BlockInfo? info,
        bool isDescending)
    {
        byte[]? first = null;
        foreach (byte[] standing in KeysOf(plan.Kind, digest, page, info))
        {
            if (!plan.Ranges.Any(range => range.Holds(standing))) continue;
            int order = first is null ? -1 : standing.AsSpan().SequenceCompareTo(first);
            if (first is null || (isDescending ? order > 0 : order < 0)) first = standing;
        }

        return first is not null && first.AsSpan().SequenceEqual(key);
    }

    /// <summary>The keys of a block that stand.</summary>
    private IEnumerable<byte[]> KeysOf(IndexKind kind, Digest256 digest, FactPage? page, BlockInfo? info)
    {
        FactSheet? sheet = page?.Sheet;
        switch (kind)
        {
            case IndexKind.Cid: return [IndexKey.OfDigest(in digest)];
            case IndexKind.Name: return _book.NamesOf(in digest, page).Select(IpldText.Utf8.GetBytes);
            case IndexKind.Tag:
                return (sheet?.TagWords ?? FactSheet.NoTagWords).Where(tag => tag.Value.Value is not null).Select(tag =>
                    Key(IndexKey.Join(IndexKey.OfText(tag.Key), IndexKey.OfText(tag.Value.Value!)),
                        tag.Value.Stamp.Time, digest));
            case IndexKind.Producer:
                return sheet?.Producer is { Value: { } producer } said
                    ? [Key(IndexKey.OfText(producer), said.Stamp.Time, digest)] : [];
            case IndexKind.Parent:
                return sheet?.Parents is { Value: { } parents } named
                    ? PageItems.DigestsOf(parents).Select(of =>
                        Key(IndexKey.OfDigest(in of), named.Stamp.Time, digest))
                    : [];
            case IndexKind.Expires:
                return sheet?.Expires.Value is { } end ? [Key([], end, digest)] : [];
            case IndexKind.Pinned:
                return sheet is null ? []
                    : [.. sheet.Pin.Value ? [Key([], 0, digest)] : (byte[][])[],
                        .. sheet.Holds is not null ? [Key([], 1, digest)] : (byte[][])[]];
            case IndexKind.Created:
                return PutOf(page, info, hasSchema: false) is { } put ? [Key([], put.Ticks, digest)] : [];
            default:
                return PutOf(page, info, hasSchema: true) is { Schema: { } schema } of_
                    ? [Key(IndexKey.OfDigest(in schema), of_.Ticks, digest)] : [];
        }
    }

    /// <summary>The put that a block is listed under: the one that stands, or else the last.</summary>
    private static BlockPut? PutOf(FactPage? page, BlockInfo? info, bool hasSchema)
    {
        BlockPut? best = null;
        ulong standing = info is { } known ? (ulong)(known.Time - DateTimeOffset.UnixEpoch).Ticks : 0;
        foreach (BlockPut put in page?.Puts ?? [])
        {
            if (hasSchema && put.Schema is null) continue;
            if (put.Ticks == standing) return put;
            if (best is null || put.Ticks > best.Value.Ticks) best = put;
        }

        return best;
    }

    private static byte[] Key(ReadOnlySpan<byte> group, ulong time, Digest256 digest)
    {
        var key = new byte[group.Length + IndexKey.TailBytes];
        group.CopyTo(key);
        IndexKey.WriteTail(time, in digest, key.AsSpan(group.Length));
        return key;
    }

    /// <summary>The block that a key leads to; a name may stand for nothing.</summary>
    private Digest256? DigestOf(IndexKind kind, byte[] key)
    {
        if (kind == IndexKind.Cid) return new Digest256(key);
        if (kind != IndexKind.Name) return IndexKey.DigestOf(key);
        return _book.FindName(IpldText.Utf8.GetString(key))?.Last.Target is { } target &&
            target.TryGetSha256(out Digest256 digest) ? digest : null;
    }

    private (long Count, long LookedAt) CountKeys(QueryWish wish, QueryPlan plan, CancellationToken cancel)
    {
        long count = 0, lookedAt = 0;
        IndexSnapshot index = _book.Index;
        foreach (KeyRange range in plan.Ranges)
        {
            MergedCursor cursor = Open(plan.Kind, range, isDescending: false);
            for (int i = 0; cursor.Next(); i++)
            {
                if ((i & 0xffff) == 0) cancel.ThrowIfCancellationRequested();
                Digest256 digest = plan.Kind == IndexKind.Cid
                    ? new Digest256(cursor.Key)
                    : IndexKey.DigestOf(cursor.Key);
                if (!wish.WithAbsent && !_blocks.Contains(in digest)) continue;
                // What one run alone speaks of has no later word: its key stands.
                bool stands = plan.Kind != IndexKind.Cid && (wish.WithAbsent || !_book.HasDrops) &&
                    !_book.Recent.ContainsKey(digest) && index.RunsWith(in digest) <= 1;
                lookedAt += stands ? 0 : 1;
                if (stands || EntryAt(plan, cursor.Key.ToArray(), in digest, wish) is not null) count++;
            }
        }

        GC.KeepAlive(index);
        return (count, lookedAt);
    }

    private long Estimate(QueryPlan plan)
    {
        long keys = 0;
        foreach (KeyRange range in plan.Ranges)
            keys += _book.Index.Estimate(plan.Kind, range.Low, range.High) + RecentIn(plan.Kind, range).Count;
        return keys;
    }

    private MergedCursor Open(IndexKind kind, KeyRange range, bool isDescending) => _book.Index.Open(kind, range.Low,
        range.High, isDescending, new ListCursor(RecentIn(kind, range), isDescending));

    private List<byte[]> RecentIn(IndexKind kind, KeyRange range)
    {
        if (!_recentKeys.TryGetValue(kind, out List<byte[]>? keys))
        {
            keys = RecentKeys(kind);
            keys.Sort(static (one, other) => one.AsSpan().SequenceCompareTo(other));
            _recentKeys.Add(kind, keys);
        }

        int from = range.Low is null ? 0 : PlaceOf(keys, range.Low);
        int to = range.High is null ? keys.Count : PlaceOf(keys, range.High);
        return from >= to ? [] : keys.GetRange(from, to - from);
    }

    private List<byte[]> RecentKeys(IndexKind kind)
    {
        var keys = new List<byte[]>();
        if (kind == IndexKind.Name)
        {
            foreach (string name in _book.RecentNames.Keys) keys.Add(IpldText.Utf8.GetBytes(name));
            return keys;
        }

        foreach ((Digest256 digest, FactPage page) in _book.Recent)
        {
            if (kind is IndexKind.Created or IndexKind.Schema)
            {
                foreach (BlockPut put in page.Puts ?? [])
                {
                    if (kind == IndexKind.Created) keys.Add(Key([], put.Ticks, digest));
                    else if (put.Schema is { } schema) keys.Add(Key(IndexKey.OfDigest(in schema), put.Ticks, digest));
                }
            }
            else
            {
                keys.AddRange(KeysOf(kind, digest, page, null));
            }
        }

        return keys;
    }

    private static int PlaceOf(List<byte[]> keys, byte[] key)
    {
        int low = 0, high = keys.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (keys[middle].AsSpan().SequenceCompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static IEnumerable<KeyRange> InOrder(QueryPlan plan, bool isDescending) =>
        isDescending ? plan.Ranges.Reverse() : plan.Ranges;

    /// <summary>What of a range is still to come.</summary>
    private static KeyRange? Behind(KeyRange range, byte[]? last, bool isDescending)
    {
        if (last is null) return range;
        KeyRange rest = range.And(isDescending ? new KeyRange(null, last) : new KeyRange([.. last, 0], null));
        bool isEmpty = rest is { Low: { } low, High: { } high } && low.AsSpan().SequenceCompareTo(high) >= 0;
        return isEmpty ? null : rest;
    }
}
