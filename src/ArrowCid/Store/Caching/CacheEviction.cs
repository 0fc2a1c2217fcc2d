using System.Buffers.Binary;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// Chooses blocks that leave a store, and removes them. What it knows comes from the store's records and its heat file,
/// and is brought up to date each time; so another process, or the next one after a kill, goes on from what is there.
/// For one thread at a time.
/// </summary>
/// <remarks>A block leaves only where another place that counts has a copy that is recorded and still found there, and
/// where nothing pins or holds it. It is removed as <see cref="StorePlaces.Drop"/> removes: names and links still lead
/// to it, and the next read fetches it again. Bytes that a reader leases stay until the lease ends, because segments
/// under a lease are not compacted. Schemas and nodes stay, so that datasets can be walked.</remarks>
internal sealed class CacheEviction(CidStore store)
{
    // What is evicted beyond the limit, so that not every block that comes next needs another look.
    private const int SpareParts = 32;

    // Blocks that cannot leave, of which one call looks at no more.
    private const int MostRefused = 1 << 16;

    // Every removal lists the store's blocks.
    private const int BlocksAtOnce = 8 * FactLimits.MaxRemoved;

    private readonly Dictionary<ulong, CachedBlock> _known = [];
    private CachePolicy? _policy;
    private CachePolicyKind _kind;
    private long _otherBytes;
    private int _listing;

    /// <summary>The bytes of all blocks when the store was last listed.</summary>
    public long LiveBytes => _otherBytes + (_policy?.Bytes ?? 0);

    /// <summary>Lists the store's blocks, and tells the policy which of them are new, were read, or are gone.</summary>
    public void Update(CacheSettings settings)
    {
        if (_policy is null || _kind != settings.Policy)
        {
            (_policy, _kind) = (CachePolicy.Create(settings.Policy, settings.MaxBytes), settings.Policy);
            _known.Clear();
        }

        HeatFile heat = store.Blocks.Cache.Heat;
        heat.OpenIfThere();
        _listing++;
        _otherBytes = 0;
        var added = new List<(DateTimeOffset Time, ulong Key, CachedBlock Block)>();
        var read = new List<(uint Second, ulong Key, long Times)>();
        foreach (BlockInfo info in store.Registry.Entries.Alive(store.Blocks.Listing.List()))
        {
            if (info.Kind == RecordKind.View) continue;
            Digest256 digest = info.Digest;
            ulong key = KeyOf(digest);
            bool mayLeave = info.Kind == RecordKind.Batch ||
                (info.Kind == RecordKind.Raw && info.Codec == Multicodec.Raw);
            if (!mayLeave || (_known.TryGetValue(key, out CachedBlock? block) && block.Digest != digest))
            {
                _otherBytes += info.Length;
                continue;
            }

            if (block is null)
            {
                block = new CachedBlock(in info);
                _known.Add(key, block);
                added.Add((info.Time, key, block));
            }

            block.Listing = _listing;
            (long Count, uint Second) reads = heat.Find(in digest);
            if (reads == block.Reads) continue;
            read.Add((reads.Second, key, Math.Max(1, reads.Count - block.Reads.Count)));
            block.Reads = reads;
        }

        foreach ((ulong key, _) in _known.Where(each => each.Value.Listing != _listing).ToList())
        {
            _ = _known.Remove(key);
            _policy.Remove(key);
        }

        var costs = new FetchCosts(store);
        foreach ((_, ulong key, CachedBlock block) in added.OrderBy(each => each.Time).ThenBy(each => each.Key))
            _policy.Add(key, block.Bytes, costs.Of(block));
        const long EnoughTimes = 4;
        foreach ((_, ulong key, long times) in read.OrderBy(each => each.Second).ThenBy(each => each.Key))
        {
            for (long i = 0; i < Math.Min(times, EnoughTimes); i++) _ = _policy.Read(key);
        }

        _policy.Resize(Math.Max(0, settings.MaxBytes - _otherBytes));
    }

    /// <summary>Removes blocks until a number of bytes more fits. <see cref="Update"/> goes before it.</summary>
    /// <param name="settings">The limit.</param>
    /// <param name="needed">The bytes that are about to be added.</param>
    /// <param name="isDryRun">Nothing is changed, nor copied.</param>
    /// <param name="operation">The call that it is done for; it counts blocks.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process removes copies, or cleans
    /// up.</exception>
    public RemoveResult Evict(CacheSettings settings, long needed, bool isDryRun, Operation operation)
    {
        CachePolicy policy = _policy!;
        var removed = new List<Cid>();
        var kept = new List<KeptBlock>();
        long bytes = 0;
        if (policy.Bytes + needed > policy.Capacity)
        {
            long goal = Math.Max(0, policy.Capacity - needed - (policy.Capacity / SpareParts));
            // The directory is locked while copies elsewhere are counted on, as in StorePlaces.Drop.
            using IDisposable? turn = isDryRun ? null : CopyLock.Take(store.Directory, exclusive: true);
            using var others = new OtherCopies(store, except: null);
            var back = new List<CachedBlock>();
            var asked = new List<CachedBlock>();
            while (policy.Bytes + BytesOf(back) > goal && back.Count < MostRefused)
            {
                operation.Token.ThrowIfCancellationRequested();
                List<CachedBlock> some = TakeSome(policy, goal, settings, isDryRun, others, back, kept, operation);
                if (some.Count == 0) break;
                Removal removal = store.Registry.Removals.Demote(some.ConvertAll(block => block.Cid), isDryRun,
                    operation.Token);
                CrashPoint.Pass(CrashStep.V2);
                foreach ((Cid cid, long size) in removal.Gone)
                {
                    removed.Add(cid);
                    bytes += size;
                }

                foreach ((Cid cid, List<KeepReason> reasons) in removal.Kept)
                    kept.Add(new KeptBlock { Cid = cid, Reasons = reasons });
                HashSet<Cid> stay = [.. removal.Kept.Select(each => each.Cid)];
                back.AddRange(some.Where(block => stay.Contains(block.Cid)));
                if (isDryRun) asked.AddRange(some.Where(block => !stay.Contains(block.Cid)));
            }

            foreach (CachedBlock block in back.Concat(asked))
            {
                ulong key = KeyOf(block.Digest);
                if (_known.TryAdd(key, block)) policy.Return(key, block.Bytes);
            }
        }

        operation.Finish();
        return new RemoveResult { Removed = removed, Kept = kept, ByteLength = bytes, IsDryRun = isDryRun };
    }

    /// <summary>The next blocks that may leave, each with a copy elsewhere.</summary>
    private List<CachedBlock> TakeSome(CachePolicy policy, long goal, CacheSettings settings, bool isDryRun,
        OtherCopies others, List<CachedBlock> back, List<KeptBlock> kept, Operation operation)
    {
        var some = new List<CachedBlock>();
        var alone = new List<CachedBlock>();
        long staying = BytesOf(back);
        while (policy.Bytes + staying > goal && some.Count + alone.Count < BlocksAtOnce && back.Count < MostRefused
            && policy.TryEvict(out ulong key))
        {
            _ = _known.Remove(key, out CachedBlock? block);
            if (store.Metadata.Get(block!.Cid) is not { IsPresent: true } entry) continue;
            string? tried = null;
            if (entry.IsPinned) Stay(block, entry.IsHeld ? KeepKind.Held : KeepKind.Pinned, null);
            else if (others.TryFind(block.Cid, operation.Token, out tried)) some.Add(block);
            else if (settings.DemoteTo is not null && tried is null) alone.Add(block);
            else Stay(block, KeepKind.LastCopy, tried);
            operation.Step();
        }

        if (alone.Count > 0 && !isDryRun)
        {
            _ = store.Places.Copy(alone.ConvertAll(block => block.Cid), settings.DemoteTo!,
                cancellationToken: operation.Token);
            CrashPoint.Pass(CrashStep.V1);
        }

        foreach (CachedBlock block in alone)
        {
            string? tried = null;
            if (isDryRun || others.TryFind(block.Cid, operation.Token, out tried)) some.Add(block);
            else Stay(block, KeepKind.LastCopy, tried);
        }

        return some;

        void Stay(CachedBlock block, KeepKind kind, string? why)
        {
            back.Add(block);
            staying += block.Bytes;
            kept.Add(new KeptBlock
            {
                Cid = block.Cid,
                Reasons = [new KeepReason { Kind = kind, Name = why, By = null }],
            });
        }
    }

    private static long BytesOf(List<CachedBlock> blocks) => blocks.Sum(block => block.Bytes);

    private static ulong KeyOf(Digest256 digest) =>
        BinaryPrimitives.ReadUInt64LittleEndian(Digest256.Bytes(in digest));
}
