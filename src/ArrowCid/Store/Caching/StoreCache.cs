using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>
/// A store as a cache of its places: a block that is read and not here is fetched from a place and kept, and blocks
/// that other places have leave when the store is larger than was set. What is read most is counted in a file that all
/// processes share.
/// </summary>
public sealed partial class StoreCache
{
    // One block takes this part of the cache at most.
    private const int LargestPart = 8;

    private readonly CidStore _store;
    private readonly Lock _gate = new();
    private CacheEviction? _eviction;
    private (long Live, ulong Given)? _usage;

    internal StoreCache(CidStore store)
    {
        _store = store;
        Ahead = new AheadFetches(() => Open(others: [], keeps: true, follows: false));
    }

    /// <summary>The order in which datasets are read.</summary>
    internal ReadOrder Order { get; } = new();

    /// <summary>What is fetched before it is read.</summary>
    internal AheadFetches Ahead { get; }

    /// <summary>Returns the size and policy of the cache.</summary>
    /// <returns>The settings; null where the store is no cache: then nothing leaves it for space.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: the name <see
    /// cref="CacheSettings.Name"/> points to something else; <see cref="ErrorCode.BlockNotFound"/>: its block is not
    /// stored.</exception>
    public CacheSettings? GetSettings()
    {
        if (_store.Names.Resolve(CacheSettings.Name) is not { } cid) return null;
        try
        {
            return CacheSettings.Decode(_store.Reading.ReadSettings(cid) ?? throw _store.Proofs.NotHere(cid));
        }
        catch (InvalidIpldException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the name '{CacheSettings.Name}' points to {cid}, which is no setting of a cache ({e.Rule}); " +
                "set one, or remove the name", e);
        }
    }

    /// <summary>Sets the size and policy of the cache. Every process that stores fetched blocks or maintains the store
    /// keeps to them from then on. Nothing is evicted yet.</summary>
    /// <param name="settings">The settings; null ends it: nothing leaves the store for space any more.</param>
    /// <exception cref="ArgumentException">A setting is not allowed.</exception>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.NameNotFound"/>: there is no such place to demote to;
    /// <see cref="ErrorCode.Unsupported"/>: the store is a ring; others as for <see cref="StoreNames.Set(string,
    /// Cid)"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public void SetSettings(CacheSettings? settings)
    {
        if (_store.Blocks.IsRing)
            throw new ArrowCidException(ErrorCode.Unsupported, $"{_store.Directory} is a ring and no cache");
        Cid? before = _store.Names.Resolve(CacheSettings.Name);
        if (settings is null)
        {
            if (before is not null) _ = _store.Names.Remove(CacheSettings.Name);
            return;
        }

        byte[] block = settings.Encode();
        if (settings.DemoteTo is { } place && _store.Places.Find(place) is null)
            throw new ArrowCidException(ErrorCode.NameNotFound, $"there is no place '{place}'");
        Cid cid = _store.PutRaw(block, Multicodec.DagCbor).Cid;
        if (cid != before) _ = _store.Names.Set(CacheSettings.Name, cid, before);
        RecordReads();
    }

    /// <summary>Begins to count the reads of all processes in <c>heat.v1</c>, if they are not counted yet. Setting a
    /// size and maintaining a store do the same. Nothing happens in a store that is open for reading only.</summary>
    public void RecordReads() => _store.Blocks.Cache.Heat.Make();

    /// <summary>Removes blocks until the store fits into its cache size. A block leaves only if another place that
    /// counts is recorded to have it and still finds it, and if no pin and no process holds it; what is recorded of it
    /// stays, and the next read fetches it again. Names and links do not keep it. Its space is freed by
    /// compaction.</summary>
    /// <param name="settings">The size and policy; null: those that are set.</param>
    /// <param name="dryRun">Only reports what would leave.</param>
    /// <param name="progress">Gets the number of blocks that were looked at so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that left before stay away.</param>
    /// <returns>The removed blocks, and those that had to stay with the reasons.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: no size is set or given; <see
    /// cref="ErrorCode.NameNotFound"/>: the place to demote to is not there; <see cref="ErrorCode.Busy"/>: another
    /// process removes copies or cleans up at the same time.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RemoveResult Evict(CacheSettings? settings = null, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!dryRun && _store.IsReadOnly)
            throw new InvalidOperationException($"{_store.Directory} is open for reading only");
        settings ??= GetSettings() ?? throw new ArrowCidException(ErrorCode.InvalidArgument,
            $"{_store.Directory} has no cache size");
        return Evict(settings, needed: 0, dryRun, new Operation(ProgressUnit.Blocks, progress, cancellationToken));
    }

    /// <summary>Does what <see cref="Evict(CacheSettings?, bool, IProgress{OperationProgress}?, CancellationToken)"/>
    /// does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Evict(CacheSettings?, bool, IProgress{OperationProgress}?, CancellationToken)"/>
    public Task<RemoveResult> EvictAsync(CacheSettings? settings = null, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Evict(settings, dryRun, progress, cancellationToken), cancellationToken);

    /// <summary>The store's blocks, and behind it those of its places: what is fetched is kept, within the size of the
    /// cache. Of several processes that lack a block one fetches it, and the others wait and read it here.</summary>
    /// <param name="others">Further sources, which are asked before the places; they are disposed of with it.</param>
    /// <param name="keeps">Whether fetched blocks are kept.</param>
    /// <returns>A backend, to be disposed of before the store.</returns>
    public BlockBackend AsBackend(IReadOnlyList<BlockBackend>? others = null, bool keeps = true) =>
        Open(others ?? [], keeps, follows: true);

    /// <summary>Fetches blocks that are not here from the places, and keeps them: of a dataset its batches, in
    /// order. It stops where the cache would have to evict for it more than it may hold.</summary>
    /// <param name="cids">Blocks and datasets.</param>
    /// <param name="progress">Gets the number of bytes that were fetched so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks that were fetched before stay.</param>
    /// <returns>The number of blocks, and of those that were fetched, with their bytes.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockNotFound"/>: no place is known to have a block;
    /// others as for <see cref="BlockBackend.TryGet"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BlockCopyResult Prefetch(IReadOnlyList<Cid> cids, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cids);
        if (_store.IsReadOnly) throw new InvalidOperationException($"{_store.Directory} is open for reading only");
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        long most = GetSettings()?.MaxBytes ?? long.MaxValue, bytes = 0;
        using IDisposable aside = PlaceFill.StandAside();
        using CacheBackend cache = Open(others: [], keeps: true, follows: false);
        int added = 0, blocks = 0;
        foreach (Cid cid in WithBatches(cids, cache, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
            blocks++;
            if (_store.Contains(cid)) continue;
            using BlockLease block = cache.TryGet(cid, cancellationToken) ?? throw _store.Proofs.NotHere(cid);
            if (bytes + block.Bytes.Length > most) break;
            added++;
            bytes += block.Bytes.Length;
            operation.Reach(bytes);
        }

        operation.Finish();
        return new BlockCopyResult { Blocks = blocks, NewBlocks = added, ByteLength = bytes };
    }

    /// <summary>Does what <see cref="Prefetch"/> does, on a thread of the pool.</summary>
    /// <inheritdoc cref="Prefetch"/>
    public Task<BlockCopyResult> PrefetchAsync(IReadOnlyList<Cid> cids, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Prefetch(cids, progress, cancellationToken), cancellationToken);

    /// <summary>Lists the blocks that are here, those that were read most first. Reads are counted from <see
    /// cref="RecordReads"/> on.</summary>
    /// <param name="most">The largest number of blocks.</param>
    /// <returns>The blocks; those without a known read come last, the newest first.</returns>
    public IReadOnlyList<BlockHeat> GetHeat(int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        HeatFile heat = _store.Blocks.Cache.Heat;
        heat.OpenIfThere();
        return [.. _store.Registry.Entries.Alive(_store.Blocks.Listing.List())
            .Where(info => info.Kind is RecordKind.Batch or RecordKind.Raw)
            .Select(info => (Info: info, Heat: HeatOf(heat, info.Digest)))
            .OrderByDescending(each => each.Heat.Reads).ThenByDescending(each => each.Heat.LastSecond)
            .ThenByDescending(each => each.Info.Time).Take(most)
            .Select(each => new BlockHeat
            {
                Cid = Cid.FromSha256(each.Info.Codec, each.Info.Digest),
                ByteLength = each.Info.Length,
                Reads = each.Heat.Reads,
                LastRead = TimeOf(each.Heat.LastSecond),
            })];
    }

    /// <summary>Begins to record every read of all processes, for a replay. Each read costs a little more
    /// meanwhile.</summary>
    /// <returns>The record; disposing of it ends it.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreFull"/>: there is no space for
    /// <c>trace.v1</c>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public ReadRecorder RecordTrace()
    {
        if (_store.IsReadOnly) throw new InvalidOperationException($"{_store.Directory} is open for reading only");
        return new ReadRecorder(_store);
    }

    /// <summary>Lists how the store and its places answered reads, the store first.</summary>
    /// <returns>The statistics of each place of the table.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StorePlaces.List()"/>.</exception>
    public IReadOnlyList<PlaceStatistics> GetStatistics() =>
        [StatisticsOf(BlockPlace.Here, ReadTrace.Here),
            .. _store.Places.List().Select(place => StatisticsOf(place.Name, HeatFile.KeyOf(place.Name)))];

    private CacheBackend Open(IReadOnlyList<BlockBackend> others, bool keeps, bool follows) =>
        new(_store, BlockBackend.Several([.. others, _store.Places.AsBackend()]), keeps && !_store.IsReadOnly, follows);

    private static (long Reads, uint LastSecond) HeatOf(HeatFile heat, Digest256 digest) => heat.Find(in digest);

    private PlaceStatistics StatisticsOf(string name, ulong key)
    {
        PlaceMeasure measure = _store.Blocks.Cache.Heat.Measure(key);
        return new PlaceStatistics
        {
            Place = name,
            Reads = measure.Reads,
            ByteLength = measure.Bytes,
            Took = TimeSpan.FromTicks(measure.Nanoseconds / TimeSpan.NanosecondsPerTick),
            Errors = measure.Errors,
            Latency = measure.LatencyNs == 0
                ? null
                : TimeSpan.FromTicks(measure.LatencyNs / TimeSpan.NanosecondsPerTick),
            BytesPerSecond = measure.NsPerMiB == 0 ? null : StoreLayout.MiB * 1e9 / measure.NsPerMiB,
            LastRead = TimeOf(measure.LastSecond),
        };
    }

    private static DateTimeOffset? TimeOf(long second) =>
        second is > 0 and <= uint.MaxValue ? DateTimeOffset.FromUnixTimeSeconds(second) : null;

    /// <summary>Blocks, and after a dataset its batches.</summary>
    private static IEnumerable<Cid> WithBatches(IReadOnlyList<Cid> cids, CacheBackend cache,
        CancellationToken cancellationToken)
    {
        foreach (Cid cid in cids)
        {
            BlockProof.ThrowIfDefault(cid);
            yield return cid;
            if (cid.Codec != Multicodec.DagCbor) continue;
            if (ManifestNode.KindOf(Node(cid)) != Dataset.Kind) continue;
            foreach (DatasetBatch batch in Dataset.Decode(Node(cid), Node).Batches) yield return batch.Cid;
        }

        IpldNode Node(Cid cid)
        {
            using BlockLease block = cache.Get(cid, cancellationToken);
            return DagCbor.Decode(block.Bytes.Span);
        }
    }
}
