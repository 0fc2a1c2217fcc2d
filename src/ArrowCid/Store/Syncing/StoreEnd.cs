using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;
using ArrowCid.Sync;

namespace ArrowCid;

/// <summary>A store as an end of a sync. For one thread at a time.</summary>
internal sealed class StoreEnd(CidStore store) : ISyncEnd
{
    // The bits of a fact's time that count within a millisecond.
    private const int CounterBits = 16;
    private const ulong NanosecondsOfMillisecond = 1_000_000;

    private readonly SyncTable _table = new(store.Directory);
    private FactCatalog? _catalog;
    private string _catalogFence = "";
    private bool _isFresh;
    private StoreTail? _tail;

    public Guid Id => store.Blocks.Id;

    /// <summary>The facts that count here.</summary>
    public FactCatalog Catalog => _catalog ??= ReadCatalog(CancellationToken.None);

    public SyncScope Open(SyncWish wish, CancellationToken cancellationToken)
    {
        if (wish.Subject == SyncSubject.Store) return new SyncScope(Fence(), SyncSet.Empty, IsTail: false);
        if (wish is { Since: { } since, IsOfSome: false } && TailSince(since, cancellationToken) is { } tail)
            return new SyncScope(tail.Fence, Open(tail, wish), IsTail: true);
        HashSet<Digest256>? filtered = wish.IsOfSome ? Some(wish, cancellationToken) : null;
        if (wish.Subject == SyncSubject.Blocks)
        {
            Cursor fence = store.Blocks.Listing.Fix(Cursor.Now);
            SyncSet blocks = filtered is not null ? new SyncSet(filtered) : AllBlocks(fence, cancellationToken);
            return new SyncScope(fence.ToString(), blocks, IsTail: false);
        }

        // One that was just read is of a moment that is as good.
        if (!_isFresh) _catalog = ReadCatalog(cancellationToken);
        _isFresh = false;
        Predicate<Digest256>? isWanted = filtered is null ? null : filtered.Contains;
        return new SyncScope(_catalogFence, new SyncSet(Catalog.Digests(wish.WithPins, isWanted)), IsTail: false);
    }

    /// <summary>The set of a tail.</summary>
    public static SyncSet Open(StoreTail tail, SyncWish wish)
    {
        if (wish.Subject == SyncSubject.Blocks) return new SyncSet(tail.Blocks);
        var catalog = new FactCatalog();
        foreach (byte[] payload in tail.Facts) catalog.Add(payload);
        return new SyncSet(catalog.Digests(wish.WithPins));
    }

    /// <summary>What came since a cursor; null where that is not known.</summary>
    public StoreTail? TailSince(string since, CancellationToken cancellationToken)
    {
        if (_tail?.Since == since) return _tail;
        bool isOurs = Cursor.TryParse(since, out Cursor from) && !from.IsNow && !from.IsOldest && !from.IsListing &&
            from.Store == Id;
        if (!isOurs) return null;
        string fence = Fence();
        var blocks = new HashSet<Digest256>();
        var facts = new List<byte[]>();
        using LogReader reader = store.Blocks.Tail(from, TailScope.All);
        while (reader.TryNext(out LogEvent found))
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool isTooFar = found.Gap is not null || blocks.Count + facts.Count > SyncLimits.Tail;
            if (isTooFar) return null;
            if (found.Record.RecordKind != RecordKind.Fact)
            {
                _ = blocks.Add(found.Record.Digest);
                continue;
            }

            foreach (FactItem item in FactItem.Split(found.Payload))
            {
                if (item.Kind is (ulong)FactKind.Drop or (ulong)FactKind.Damaged) return null;
            }

            facts.Add(found.Payload.ToArray());
        }

        if (reader.HasUnread) return null;
        _ = blocks.RemoveWhere(digest => !IsHere(in digest));
        return _tail = new StoreTail(since, fence, blocks, facts);
    }

    public SyncDescription Describe(in Digest256 digest)
    {
        if (store.Registry.Entries.Describe(in digest) is not { IsPresent: true } entry) return default;
        DateTimeOffset put = entry.LastPut ?? entry.Created ?? DateTimeOffset.UnixEpoch;
        ulong nanoseconds = (ulong)Math.Max(1, (put - DateTimeOffset.UnixEpoch).Ticks) * 100;
        return new SyncDescription(nanoseconds, entry.ByteLength, (int)entry.Kind, entry.Cid.Codec);
    }

    public SyncBlock? Read(in Digest256 digest)
    {
        RecordLease? lease = null;
        try
        {
            lease = store.Reading.Find(Cid.FromSha256(Multicodec.Raw, digest));
            return lease is null ? null : new SyncBlock(lease.Info.Codec, lease.Memory, lease);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.AccessDenied)
        {
            // It cannot be given; the other side reports that it is missing.
            lease?.Dispose();
            return null;
        }
    }

    public IEnumerable<byte[]> ReadFacts(IReadOnlySet<Digest256> digests)
    {
        if (_tail is { } tail)
        {
            List<FactItem> recent = [.. Items(tail.Facts, digests)];
            if (recent.Count == digests.Count) return FactItem.Pack(recent);
        }

        return FactItem.Pack(Items(store.Blocks.Listing.FactRecords().Select(record => record.Bytes), digests));
    }

    public SyncBlockState StateOf(in Digest256 digest, ulong lastPut)
    {
        if (IsHere(in digest)) return SyncBlockState.Here;
        if (!store.Registry.Reader.Ask(() => store.Registry.Reader.State.HasDrops)) return SyncBlockState.Wanted;
        bool isRemoved = Catalog.Removals.TryGetValue(digest, out ulong removed) &&
            removed >= lastPut / NanosecondsOfMillisecond;
        return isRemoved ? SyncBlockState.Removed : SyncBlockState.Wanted;
    }

    public bool Put(ulong codec, in Digest256 digest, ReadOnlyMemory<byte> bytes)
    {
        if (Sha256.Hash(bytes.Span) != digest) return false;
        if (codec == Multicodec.Raw)
        {
            _ = store.Putting.PutFrom(bytes.Length, target => bytes.Span.CopyTo(target),
                Cid.FromSha256(codec, digest), onlyBatch: false);
        }
        else
        {
            _ = store.Putting.PutOfCodec(codec, bytes, nanoseconds: 0);
        }

        return true;
    }

    public (int Taken, int Refused) PutFacts(ReadOnlyMemory<byte> payload, bool isAdmin)
    {
        List<FactItem> items = FactItem.Split(payload);
        DateTimeOffset now = store.Clock.GetUtcNow();
        foreach (FactItem item in items) FactAppender.ThrowIfAhead(item.Stamp.Time, now);
        HashSet<string> hollow = [.. items.Where(item => item.Name is not null).GroupBy(item => item.Name!)
            .Where(IsHollow).Select(changes => changes.Key)];
        int refused = 0;
        var news = new List<FactItem>();
        try
        {
            foreach (FactItem item in items)
            {
                bool isAllowed = item.Travels && (isAdmin || !item.IsForAdmin) && IsWellFormed(item, now) &&
                    (item.Name is null || !hollow.Contains(item.Name));
                if (!isAllowed) refused++;
                else if (Catalog.Offer(item)) news.Add(item);
            }

            if (news.Count == 0) return (0, refused);
            _isFresh = false;
            store.Blocks.Coordination.ObserveTime(news.Max(item => item.Stamp.Time));
            foreach (byte[] packed in FactItem.Pack(news)) _ = store.Blocks.Append(new PackedFacts(packed));
            store.Registry.Reader.NoteSaid(news.Count);
            return (news.Count, refused);
        }
        catch
        {
            // What was taken in and not written is not here.
            _catalog = null;
            throw;
        }
    }

    /// <summary>The last sync with another store.</summary>
    public SyncFact? LastSync(Guid peer)
    {
        if (_table.Find(peer) is { } known) return known;
        (FactStamp Stamp, SyncFact Fact)? last = null;
        foreach (FactPayload record in store.Blocks.Listing.FactRecords())
        {
            foreach (FactGroup group in FactReader.Read(record.Bytes, record.Nanoseconds, static _ => { }))
            {
                if (last is { } before && group.Stamp <= before.Stamp) continue;
                if (group.Facts.OfType<SyncFact>().LastOrDefault(sync => sync.Peer == peer) is { } found)
                    last = (group.Stamp, found);
            }
        }

        return last?.Fact;
    }

    /// <summary>Records where the next sync with another store begins.</summary>
    public void Remember(SyncFact sync)
    {
        store.Registry.Facts.Append(sync);
        _table.Set(sync);
    }

    /// <summary>Where the log ends now, as the text of a cursor.</summary>
    public string Fence() => store.Blocks.Listing.Fix(Cursor.Now).ToString();

    private bool IsHere(in Digest256 digest) => store.Contains(Cid.FromSha256(Multicodec.Raw, digest));

    /// <summary>Whether the block that a name is to point to is missing here.</summary>
    private bool IsHollow(IEnumerable<FactItem> changes)
    {
        Cid? target = FactCatalog.TargetOf(changes);
        return target is { } cid && !store.Contains(cid);
    }

    private static bool IsWellFormed(FactItem item, DateTimeOffset now)
    {
        bool isWhole = true;
        ulong nanoseconds = (ulong)Math.Max(0, (now - DateTimeOffset.UnixEpoch).Ticks) * 100;
        List<FactGroup> groups = FactReader.Read(item.Payload.Span, nanoseconds, _ => isWhole = false);
        return isWhole && groups.Count == 1 && item.Stamp.Time >> CounterBits <= FactLimits.MaxMilliseconds;
    }

    private static IEnumerable<FactItem> Items(IEnumerable<byte[]> payloads, IReadOnlySet<Digest256> digests)
    {
        var given = new HashSet<Digest256>();
        return payloads.SelectMany(payload => FactItem.Split(payload))
            .Where(item => digests.Contains(item.Digest) && given.Add(item.Digest));
    }

    private FactCatalog ReadCatalog(CancellationToken cancel)
    {
        _catalogFence = Fence();
        _isFresh = true;
        var catalog = new FactCatalog();
        foreach (FactPayload record in store.Blocks.Listing.FactRecords())
        {
            cancel.ThrowIfCancellationRequested();
            catalog.Add(record.Bytes);
        }

        return catalog;
    }

    /// <summary>The blocks of a moment. Many are read again where they are needed.</summary>
    private SyncSet AllBlocks(Cursor until, CancellationToken cancel)
    {
        HashSet<Digest256> expired = Expired();
        bool hasDamage = !store.Blocks.Damages.Damaged.IsEmpty;
        return SyncSet.Of(() => store.Registry.Entries.Alive(store.Blocks.Listing.List(until))
            .Select(info => info.Digest)
            .Where(digest => !expired.Contains(digest) && (!hasDamage || IsHere(in digest))),
            cancellationToken: cancel);
    }

    /// <summary>Blocks that are no longer needed: the next collection removes them.</summary>
    private HashSet<Digest256> Expired()
    {
        string now = store.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'",
            System.Globalization.CultureInfo.InvariantCulture);
        var expired = new HashSet<Digest256>();
        foreach (StoredEntry entry in store.Query(Filter.Parse($"expires < {now}")))
        {
            if (entry.Cid.TryGetSha256(out Digest256 digest)) _ = expired.Add(digest);
        }

        return expired;
    }

    /// <summary>What is named and passes a filter, with all that it needs.</summary>
    private HashSet<Digest256> Some(SyncWish wish, CancellationToken cancel)
    {
        DateTimeOffset now = store.Clock.GetUtcNow();
        var found = new HashSet<Digest256>();
        HashSet<Digest256>? named = wish.Blocks?.ToHashSet();
        if (wish.Filter is not { } filter)
        {
            foreach (Digest256 root in named ?? []) AddWithNeeds(found, root);
            return found;
        }

        foreach (StoredEntry entry in store.Query(Filter.Parse(filter)))
        {
            cancel.ThrowIfCancellationRequested();
            bool isWanted = !entry.IsExpired(now) && entry.Cid.TryGetSha256(out Digest256 root) &&
                named?.Contains(root) != false && !found.Contains(root);
            if (isWanted) AddWithNeeds(found, RegistryPins.DigestOf(entry.Cid));
        }

        return found;
    }

    private void AddWithNeeds(HashSet<Digest256> found, Digest256 root)
    {
        var open = new Stack<Digest256>([root]);
        while (open.TryPop(out Digest256 digest))
        {
            if (!IsHere(in digest) || !found.Add(digest)) continue;
            if (store.Registry.Entries.Look(in digest) is not { } info) continue;
            foreach ((_, Digest256 need) in BlockNeeds.Of(store.Blocks, in info) ?? []) open.Push(need);
        }
    }

    private sealed class PackedFacts(byte[] payload) : IFactSource
    {
        public int Write(in BlockInfo block, Span<byte> destination)
        {
            payload.CopyTo(destination);
            return payload.Length;
        }
    }
}
