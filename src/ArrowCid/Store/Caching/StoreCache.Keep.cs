using System.Diagnostics;
using ArrowCid.Ipld;
using ArrowCid.Registry;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>What is kept of fetched blocks.</summary>
public sealed partial class StoreCache
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Keeps a fetched block, within the size of the cache.</summary>
    /// <param name="own">The store.</param>
    /// <param name="block">The block, proved.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False where it is not kept: it is too large, the other blocks have to stay, or there is no
    /// space.</returns>
    internal bool Keep(BlockBackend own, BlockLease block, CancellationToken cancellationToken)
    {
        using IDisposable quiet = AuditScope.Pause();
        CacheSettings? settings = GetSettings();
        if (settings is not null && !MakeSpace(settings, block.Bytes.Length, cancellationToken)) return false;
        try
        {
            ulong before = _store.Blocks.Coordination.RecordsGiven();
            own.Put(block.Cid, block.Bytes, cancellationToken);
            NoteKept(before, block.Bytes.Length);
            return true;
        }
        catch (ArrowCidException e) when (settings is not null && e.Code == ErrorCode.StoreFull)
        {
            // The files of the store are at its capacity: the reader has its block all the same.
            return false;
        }
    }

    /// <summary>Learns the order of a dataset's batches.</summary>
    internal void Learn(Cid cid, Dataset dataset)
    {
        if (!Order.Knows(cid) && GetSettings() is not null)
            Order.Learn(cid, [.. dataset.Batches.Select(batch => (batch.Cid, batch.ByteLength))]);
    }

    /// <summary>Notes that a block was fetched for a reader.</summary>
    internal ReadStep NoteFetch(Cid cid) => cid.Codec == Multicodec.Raw && GetSettings() is { } settings
        ? Order.Note(cid, settings.MaxBytes)
        : default;

    /// <summary>Ends what is fetched before it is read.</summary>
    internal void Close() => Ahead.Dispose();

    /// <summary>Whether the store has a size and is over it.</summary>
    internal bool IsOver() => GetSettings() is { } settings && Usage(settings) > settings.MaxBytes;

    /// <summary>As <see cref="Evict(CacheSettings?, bool, IProgress{OperationProgress}?, CancellationToken)"/>, where
    /// the store is over its size.</summary>
    /// <returns>Null where it has none, or is within it.</returns>
    internal RemoveResult? EvictIfOver(bool isDryRun, CancellationToken cancellationToken) =>
        GetSettings() is { } settings && Usage(settings) > settings.MaxBytes
            ? Evict(settings, needed: 0, isDryRun,
                new Operation(ProgressUnit.Blocks, cancellationToken: cancellationToken))
            : null;

    private bool MakeSpace(CacheSettings settings, long bytes, CancellationToken cancellationToken)
    {
        if (bytes > settings.MaxBytes / LargestPart) return false;
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (Usage(settings) + bytes <= settings.MaxBytes) return true;
            try
            {
                _ = Evict(settings, bytes, dryRun: false,
                    new Operation(ProgressUnit.Blocks, cancellationToken: cancellationToken));
                return Usage(settings) + bytes <= settings.MaxBytes;
            }
            catch (ArrowCidException e) when (e.Code == ErrorCode.Busy)
            {
                // Another process evicts, or cleans up.
                if (Stopwatch.GetElapsedTime(started) >= _store.Core.Timeout) return false;
                Thread.Sleep(s_pause);
            }
        }
    }

    private RemoveResult Evict(CacheSettings settings, long needed, bool dryRun, Operation operation)
    {
        lock (_gate)
        {
            CacheEviction eviction = Updated(settings);
            RemoveResult result = eviction.Evict(settings, needed, dryRun, operation);
            Note(eviction);
            return result;
        }
    }

    /// <summary>The bytes of all blocks, or more, where all records together are within the size.</summary>
    private long Usage(CacheSettings settings)
    {
        long committed = _store.Blocks.Examination.GetStatistics().BytesCommitted;
        if (committed <= settings.MaxBytes / 2) return committed;
        ulong given = _store.Blocks.Coordination.RecordsGiven();
        lock (_gate)
        {
            // A block that comes back may take a record of 128 bytes and bring all of its own with it: so what other
            // processes wrote since the store was listed is looked at.
            if (_usage is { } known && known.Given == given) return known.Live;
            CacheEviction eviction = Updated(settings);
            Note(eviction);
            return eviction.LiveBytes;
        }
    }

    private CacheEviction Updated(CacheSettings settings)
    {
        _eviction ??= new CacheEviction(_store);
        _eviction.Update(settings);
        return _eviction;
    }

    private void Note(CacheEviction eviction) =>
        _usage = (eviction.LiveBytes, _store.Blocks.Coordination.RecordsGiven());

    /// <summary>Adds a block to the usage that is known, unless another process wrote meanwhile.</summary>
    private void NoteKept(ulong before, long bytes)
    {
        // A block, its schema, and what announces them again.
        const ulong MostRecords = 4;
        ulong after = _store.Blocks.Coordination.RecordsGiven();
        lock (_gate)
        {
            _usage = _usage is { } known && known.Given == before && after - before <= MostRecords
                ? (known.Live + bytes, after)
                : null;
        }
    }
}
