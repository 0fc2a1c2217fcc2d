using ArrowCid.Storage;
using ArrowCid.Transfer.Backup;

namespace ArrowCid;

/// <summary>CAR files, backups, copies between stores.</summary>
public sealed partial class StoreTransfer
{
    /// <summary>
    /// Writes the contents of the store at one moment, blocks and their metadata, as an increment of a backup: a CAR of
    /// version 2. Producers, readers and collectors continue meanwhile. Each block is hashed as it is written.
    /// </summary>
    /// <param name="output">Where to, a stream that can seek; it is not flushed.</param>
    /// <param name="earlier">The increments before: only what they lack is written; null for all.</param>
    /// <param name="progress">Gets the number of bytes that were written so far.</param>
    /// <param name="cancellationToken">Cancels the call. The output is no increment then.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: the increments are another store's;
    /// <see cref="ErrorCode.Busy"/>: blocks are collected as fast as they are copied.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public BackupResult Backup(Stream output, StoreBackup? earlier = null,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        StorageStatistics figures = _store.Blocks.Examination.GetStatistics();
        BackupIncrement? last = earlier?.Increments[^1];
        if (last is not null && last.Store != figures.Id)
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"the backup is of the store {last.Store}, and {_store.Directory} is {figures.Id}; " +
                "name a new directory");
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        if (earlier is null) operation.Expect(figures.BytesCommitted);
        var writer = new BackupWriter(output, earlier, operation);
        DateTimeOffset at = _store.Clock.GetUtcNow();
        var moment = new StoreSnapshot(_store.Blocks, operation);
        moment.ReadInto(writer);
        long number = (last?.Number ?? 0) + 1;
        Cid root = writer.Finish(moment.Live, new BackupManifest
        {
            Store = figures.Id,
            Number = number,
            Previous = last?.Root ?? default,
            At = at,
            Capacity = figures.Capacity,
            SegmentSize = figures.SegmentSize,
            IsRing = _store.Blocks.IsRing,
            Live = 0,
            Pages = [],
        });
        operation.Finish();
        return new BackupResult
        {
            Root = root,
            Number = number,
            At = at,
            Blocks = moment.Live.Count,
            NewBlocks = writer.Blocks,
            NewFacts = writer.Facts,
            Removed = writer.Removed,
            ByteLength = output.Length,
            Faults = moment.Faults,
        };
    }

    /// <summary>
    /// Stores the contents of a backup at its last moment: the same names, tags, history, pins and provenance, with
    /// their times, and every block, hashed in place. Existing contents stay; a restore that was killed can be run
    /// again. Until it is done nothing is removed or collected here: such calls fail with <see cref="ErrorCode.Busy"/>.
    /// </summary>
    /// <param name="backup">The backup, with every block proved.</param>
    /// <param name="dryRun">Nothing is put.</param>
    /// <param name="progress">Gets the number of bytes of blocks that were put so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks and facts that were put before stay; the call can be
    /// repeated.</param>
    /// <returns>What was new.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: facts of a time more than an hour
    /// ahead, and nothing was put; or a block is damaged. Others as for <see cref="CidStore.PutRaw"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RestoreResult Restore(StoreBackup backup, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backup);
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        operation.Expect(backup.ByteLength);
        if (!dryRun) _store.Blocks.EnterToWrite();
        foreach (byte[] facts in backup.ReadFacts())
        {
            operation.Check();
            BulkLoad.Judge(facts, _store.Clock.GetUtcNow());
        }

        using BulkLoadScope? untilEnd = dryRun ? null : _store.Blocks.Coordination.BeginFilling();
        var filling = new BulkLoad(_store, dryRun, operation);
        // A visible block has its metadata, and a pinned block is never without its pin.
        foreach (byte[] facts in backup.ReadFacts()) filling.TakeFacts(facts);
        foreach (SnapshotBlock block in backup.Live)
            filling.Put(in block, backup.LengthOf(block.Digest), target => backup.ReadInto(block.Digest, target));

        RestoreResult restored = filling.End();
        operation.Finish();
        return restored;
    }

    /// <summary>Whether a directory holds a store.</summary>
    /// <param name="directory">The directory; null: the default one.</param>
    internal static bool Exists(string? directory) =>
        File.Exists(Path.Combine(directory ?? CidStore.DefaultDirectory, StoreLayout.ControlName));

    /// <summary>The bytes of a data segment in a new store that is given no other size.</summary>
    /// <param name="capacity">The capacity of the store.</param>
    internal static long SegmentSizeOf(long capacity) => StoreSizes.SegmentOf(capacity);

    /// <summary>The capacity that a new store needs for a copy of this one.</summary>
    /// <param name="segment">The bytes of its data segments.</param>
    internal long CapacityNeeded(long segment)
    {
        var need = new StoreNeed(segment);
        foreach (FactPayload record in _store.Blocks.Listing.FactRecords()) need.AddFacts(record.Bytes.Length);
        IEnumerable<BlockInfo> alive = _store.Registry.Entries.Alive(_store.Blocks.Listing.List());
        foreach (BlockInfo info in alive.OrderBy(info => info.Time))
            need.AddBlock(info.Length, isPutAgain: true);
        return need.Capacity();
    }

    /// <summary>
    /// Copies what this store holds at one moment into another, as a backup and a restore would, without a file between
    /// them: from shared memory to a disk, or to other sizes.
    /// </summary>
    /// <param name="target">The other store; null, for a dry run, means an empty one.</param>
    /// <param name="dryRun">Nothing is put.</param>
    /// <param name="progress">Gets the number of bytes of blocks that were put so far.</param>
    /// <param name="cancellationToken">Cancels the call. Blocks and facts that were put before stay; the call can be
    /// repeated.</param>
    /// <returns>What was new there.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is this store;
    /// <see cref="ErrorCode.BlockCorrupt"/>: something here is damaged; the rest was copied. Others as for
    /// <see cref="Backup"/> and <see cref="Restore"/>.</exception>
    /// <exception cref="InvalidOperationException">The target is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RestoreResult CopyTo(CidStore? target, bool dryRun = false,
        IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!dryRun)
        {
            ArgumentNullException.ThrowIfNull(target);
            target.Blocks.EnterToWrite();
        }

        if (target is not null && target.Blocks.Id == _store.Blocks.Id)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"{_store.Directory} is not copied into itself");
        var operation = new Operation(ProgressUnit.Bytes, progress, cancellationToken);
        operation.Expect(_store.Blocks.Examination.GetStatistics().BytesCommitted);
        var moment = new StoreSnapshot(_store.Blocks, operation);
        using BulkLoadScope? untilEnd = dryRun ? null : target!.Blocks.Coordination.BeginFilling();
        var filling = new BulkLoad(target, dryRun, operation);
        moment.ReadInto(filling);
        untilEnd?.Dispose();
        // What was removed here while it was copied goes there too.
        Cid[] extra = [.. filling.NewBlocks.Where(block => !moment.Live.ContainsKey(block.Digest))
            .Select(block => block.Cid)];
        if (extra.Length > 0 && !dryRun)
            _ = target!.Retention.Remove(extra, force: true, cancellationToken: CancellationToken.None);
        if (moment.Faults is [{ } first, ..])
            throw new ArrowCidException(ErrorCode.BlockCorrupt,
                $"{_store.Directory}: {first}; everything that can be read was copied");
        RestoreResult copied = filling.End();
        operation.Finish();
        return copied;
    }
}
