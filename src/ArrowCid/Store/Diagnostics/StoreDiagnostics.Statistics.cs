using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Statistics, verification, segments and processes.</summary>
public sealed partial class StoreDiagnostics
{
    // A record's header and, on average, half of what its bytes are padded to.
    private const int BytesAroundBlock = StoreLayout.RecordHeaderBytes + 32;

    /// <summary>Counts what the store holds, by a pass over its entries and its log.</summary>
    /// <param name="progress">Gets the number of blocks that were counted so far.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Counts and sums at about this moment, for people.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public StoreStatistics GetStatistics(IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        StorageStatistics figures = _store.Blocks.Examination.GetStatistics();
        operation.Expect(figures.IndexUsed);
        var kinds = new Dictionary<string, StoreShare>(StringComparer.Ordinal);
        var producers = new Dictionary<string, StoreShare>(StringComparer.Ordinal);
        var schemas = new Dictionary<string, StoreShare>(StringComparer.Ordinal);
        long live = 0, pinned = 0, expired = 0, absent = 0;
        DateTimeOffset now = _store.Clock.GetUtcNow();
        foreach (StoredEntry entry in _store.Query(includeMissing: true))
        {
            operation.Step();
            if (!entry.IsPresent)
            {
                absent++;
                continue;
            }

            live += entry.ByteLength + BytesAroundBlock;
            pinned += entry.IsPinned ? 1 : 0;
            expired += entry.IsExpired(now) ? 1 : 0;
            Add(kinds, entry.Kind.ToString().ToLowerInvariant(), entry);
            if (entry.Kind != BlockKind.Batch) continue;
            Add(producers, entry.Producer ?? "", entry);
            Add(schemas, entry.SchemaCid!.Value.ToString(), entry);
        }

        long facts = 0, factBytes = 0;
        foreach (LogEntry entry in _store.Blocks.Listing.Log())
        {
            operation.Check();
            if (entry.State != LogEntryState.Committed || entry.Header.RecordKind != RecordKind.Fact) continue;
            facts++;
            factBytes += entry.Bytes;
        }

        operation.Finish();
        double share = figures.BytesCommitted == 0
            ? 1
            : Math.Min(1, (live + factBytes) / (double)figures.BytesCommitted);
        return new StoreStatistics
        {
            Summary = GetSummary(),
            Kinds = Sorted(kinds),
            Producers = Sorted(producers),
            Schemas = Sorted(schemas),
            LiveShare = share,
            FactRecords = facts,
            FactBytes = factBytes,
            Names = _store.Names.List().Count,
            Pinned = pinned,
            Expired = expired,
            Absent = absent,
            IndexEntries = figures.IndexEntries,
            IndexUsed = figures.IndexUsed,
        };

        static void Add(Dictionary<string, StoreShare> shares, string key, StoredEntry entry)
        {
            StoreShare share = shares.GetValueOrDefault(key) ?? new StoreShare
            {
                Key = key,
                Blocks = 0,
                Rows = 0,
                ByteLength = 0,
            };
            shares[key] = new StoreShare
            {
                Key = key,
                Blocks = share.Blocks + 1,
                Rows = share.Rows + entry.Rows,
                ByteLength = share.ByteLength + entry.ByteLength,
            };
        }

        static IReadOnlyList<StoreShare> Sorted(Dictionary<string, StoreShare> shares) =>
            [.. shares.Values.OrderByDescending(share => share.ByteLength).ThenBy(share => share.Key,
                StringComparer.Ordinal)];
    }

    /// <summary>
    /// Space by owner: the blocks by what they belong to, each with all that it needs beneath it (its schema, the links
    /// of a node, the block that a view is of). A block may belong to several owners.
    /// </summary>
    /// <param name="by">What they belong to.</param>
    /// <param name="tagKey">The tag, for <see cref="UsageBy.Tag"/>.</param>
    /// <param name="progress">Gets the number of blocks that were counted so far.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Each owner, the greatest first; what belongs to none has the key null.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="CidStore.Query"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<StoreUsage> GetUsage(UsageBy by, string? tagKey = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        operation.Expect(2 * _store.Blocks.Examination.GetStatistics().IndexUsed);
        if (by == UsageBy.Tag) ArgumentException.ThrowIfNullOrEmpty(tagKey);
        var entries = new Dictionary<Digest256, StoredEntry>();
        foreach (StoredEntry entry in _store.Query())
        {
            operation.Step();
            if (entry.Cid.TryGetSha256(out Digest256 digest)) entries[digest] = entry;
        }

        var beneath = new UsageNeeds(_store.Blocks, entries);
        var owners = new Dictionary<string, HashSet<Digest256>>(StringComparer.Ordinal);
        var kept = new HashSet<Digest256>();
        foreach ((Digest256 digest, StoredEntry entry) in entries)
        {
            operation.Step();
            // What goes with its owner is what nothing else keeps.
            bool isKept = entry.IsPinned || (by != UsageBy.Name && entry.Names.Count > 0);
            if (isKept) beneath.AddTo(kept, digest);
            foreach (string key in KeysOf(entry, by, tagKey))
            {
                if (!owners.TryGetValue(key, out HashSet<Digest256>? reached)) owners.Add(key, reached = []);
                beneath.AddTo(reached, digest);
            }
        }

        operation.Finish();
        var times = new Dictionary<Digest256, int>();
        foreach (Digest256 digest in owners.Values.SelectMany(reached => reached))
            times[digest] = times.GetValueOrDefault(digest) + 1;
        var usage = new List<StoreUsage>();
        foreach ((string key, HashSet<Digest256> reached) in owners) usage.Add(UsageOf(key, reached));
        HashSet<Digest256> rest = [.. entries.Keys.Where(digest => !times.ContainsKey(digest))];
        if (rest.Count > 0) usage.Add(UsageOf(null, rest));
        return [.. usage.OrderByDescending(one => one.ByteLength).ThenBy(one => one.Key, StringComparer.Ordinal)];

        StoreUsage UsageOf(string? key, HashSet<Digest256> reached)
        {
            long bytes = 0, shared = 0, freed = 0;
            foreach (Digest256 digest in reached)
            {
                long length = entries[digest].ByteLength;
                bytes += length;
                if (times.GetValueOrDefault(digest) > 1) shared += length;
                else if (!kept.Contains(digest)) freed += length;
            }

            return new StoreUsage
            {
                Key = key,
                Blocks = reached.Count,
                ByteLength = bytes,
                SharedBytes = shared,
                FreedBytes = freed,
            };
        }
    }

    private static IEnumerable<string> KeysOf(StoredEntry entry, UsageBy by, string? tagKey) => by switch
    {
        UsageBy.Name => entry.Names,
        UsageBy.Tag => entry.Tags.TryGetValue(tagKey!, out string? value) ? [value] : [],
        UsageBy.Producer => entry.Producer is { } producer ? [producer] : [],
        UsageBy.Schema => entry is { Kind: BlockKind.Batch, SchemaCid: { } schema } ? [schema.ToString()] : [],
        UsageBy.Dataset => entry.Kind == BlockKind.Dataset ? [entry.Cid.ToString()] : [],
        _ => throw new ArgumentOutOfRangeException(nameof(by), by, "no such owner"),
    };

    /// <summary>What blocks need beneath them, each looked up once.</summary>
    private sealed class UsageNeeds(BlockStore blocks, Dictionary<Digest256, StoredEntry> entries)
    {
        private readonly Dictionary<Digest256, Digest256[]> _needs = [];

        /// <summary>Adds a block and all beneath it that is here.</summary>
        public void AddTo(HashSet<Digest256> reached, Digest256 root)
        {
            var open = new Stack<Digest256>([root]);
            while (open.TryPop(out Digest256 digest))
            {
                if (!entries.ContainsKey(digest) || !reached.Add(digest)) continue;
                foreach (Digest256 need in Of(digest)) open.Push(need);
            }
        }

        private Digest256[] Of(Digest256 digest)
        {
            if (_needs.TryGetValue(digest, out Digest256[]? known)) return known;
            BlockInfo? info;
            using (RecordLease? lease = blocks.Find(digest)) info = lease?.Info;
            return _needs[digest] = info is { } found
                ? [.. (BlockNeeds.Of(blocks, in found) ?? []).Select(need => need.Digest)]
                : [];
        }
    }
}
