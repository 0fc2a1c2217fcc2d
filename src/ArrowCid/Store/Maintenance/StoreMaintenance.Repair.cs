using ArrowCid.Memory;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Compaction, repair, checkpoints and the maintenance policy.</summary>
public sealed partial class StoreMaintenance
{
    /// <summary>
    /// Replaces a damaged block by the right bytes, beside readers and writers of all processes: a good copy is
    /// appended, lookups move to it, and the damaged range is recorded and later freed by a compaction. Leases that
    /// exist keep the bytes that they have. Nothing is announced, and names, tags and times stay.
    /// </summary>
    /// <param name="cid">The CID.</param>
    /// <param name="source">Where the right bytes are; it is asked only for a damaged block.</param>
    /// <param name="cancellationToken">Cancels the call before the good copy is appended.</param>
    /// <returns>What was done, or null where the block was never here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is collecting;
    /// <see cref="ErrorCode.StoreFull"/>: no space for the good copy.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public RepairResult? Repair(Cid cid, BlockBackend source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        _store.Blocks.EnterToWrite();
        if (!BlockProof.IsOurs(cid, out Digest256 digest)) return null;
        if (_store.Diagnostics.Verify(cid, source: null, cancellationToken) is { } found)
            return found.Error is { Code: ErrorCode.BlockCorrupt }
                ? RepairFrom(source, cid, in digest, found.Location, cancellationToken)
                : new RepairResult
                {
                    Cid = cid,
                    Outcome = RepairOutcome.Intact,
                    Location = found.Location,
                    ByteLength = 0,
                    Error = null,
                };
        return _store.Blocks.Damages.FindQuarantined(in digest) is { } place
            ? RepairFrom(source, cid, in digest, Path.Combine(_store.Directory, place), cancellationToken)
            : null;
    }

    /// <summary>Proves every block and repairs the damaged ones, as <see cref="Repair"/> does.</summary>
    /// <param name="source">Where the right bytes are.</param>
    /// <param name="progress">Gets the number of blocks that were proved so far.</param>
    /// <param name="cancellationToken">Cancels the enumeration. Blocks that were repaired before stay so.</param>
    /// <returns>A result for each block that is damaged or quarantined, as it is found.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Repair"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IEnumerable<RepairResult> RepairAll(BlockBackend source, IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        _store.Blocks.EnterToWrite();
        return Run();

        IEnumerable<RepairResult> Run()
        {
            var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
            operation.Expect(_store.Blocks.Examination.GetStatistics().IndexUsed);
            foreach (BlockInfo info in _store.Registry.Entries.Alive(_store.Blocks.Listing.List()))
            {
                RepairResult? result = Repair(BlockProof.CidOf(in info), source, cancellationToken);
                operation.Step();
                if (result is { Outcome: not RepairOutcome.Intact } found) yield return found;
            }

            foreach (Cid cid in _store.Blocks.Damages.LostBlocks())
            {
                RepairResult? result = Repair(cid, source, cancellationToken);
                operation.Step();
                if (result is { Outcome: not RepairOutcome.Intact } found) yield return found;
            }

            operation.Finish();
        }
    }

    private RepairResult RepairFrom(BlockBackend source, Cid cid, in Digest256 digest, string location,
        CancellationToken cancellationToken)
    {
        try
        {
            using BlockLease? good = source.TryGet(cid, cancellationToken);
            if (good is null)
                return new RepairResult
                {
                    Cid = cid,
                    Outcome = RepairOutcome.Damaged,
                    Location = location,
                    ByteLength = 0,
                    Error = new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} at {source.Name}"),
                };
            cancellationToken.ThrowIfCancellationRequested();
            // A drop beside this would not see that the block is here again.
            using MaintenanceLockScope term = _store.Blocks.Coordination.TryBecomeJanitor(_store.Core.Timeout)
                ?? throw new ArrowCidException(ErrorCode.Busy,
                $"{_store.Directory}: another process or thread is collecting; try again");
            if (_store.Proofs.IsRemoved(in digest)) return new RepairResult
            {
                Cid = cid,
                Outcome = RepairOutcome.Removed,
                Location = location,
                ByteLength = 0,
                Error = null,
            };
            return _store.Putting.PutRepair(cid, good.Bytes)
                ? new RepairResult
                {
                    Cid = cid,
                    Outcome = RepairOutcome.Repaired,
                    Location = location,
                    ByteLength = good.Bytes.Length,
                    Error = null,
                }
                : new RepairResult
                {
                    Cid = cid,
                    Outcome = RepairOutcome.Intact,
                    Location = location,
                    ByteLength = 0,
                    Error = null,
                };
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.Io or ErrorCode.AccessDenied)
        {
            return new RepairResult
            {
                Cid = cid,
                Outcome = RepairOutcome.Damaged,
                Location = location,
                ByteLength = 0,
                Error = e,
            };
        }
    }
}
