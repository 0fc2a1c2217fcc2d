using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Statistics, verification, segments and processes.</summary>
public sealed partial class StoreDiagnostics
{
    private readonly CidStore _store;

    internal StoreDiagnostics(CidStore store) => (_store, Audit) = (store, new StoreAudit(store));

    /// <summary>Who put, named, pinned and removed what.</summary>
    public StoreAudit Audit { get; }

    /// <summary>What the store looks like now, for people.</summary>
    /// <returns>Sizes and counts.</returns>
    public StoreSummary GetSummary()
    {
        StorageStatistics figures = _store.Blocks.Examination.GetStatistics();
        return new StoreSummary
        {
            Id = figures.Id,
            Created = figures.Created,
            Capacity = figures.Capacity,
            BytesTaken = figures.BytesTaken,
            BytesCommitted = figures.BytesCommitted,
            Segments = figures.OpenSegments + figures.SealedSegments,
            SegmentSize = figures.SegmentSize,
            Lanes = figures.Lanes,
            LanesInUse = figures.LanesInUse,
            IsRing = _store.Blocks.IsRing,
        };
    }

    /// <summary>What in the store's facts cannot be read or is over a limit, and counts for nothing; for
    /// people.</summary>
    /// <param name="cancellationToken">Cancels the call before the facts are read.</param>
    /// <returns>Sentences without full stops: the first hundred, and how many more.</returns>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IReadOnlyList<string> CheckFacts(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (IReadOnlyList<string> said, long count) = _store.Registry.Reader.Faults();
        return count == said.Count ? said : [.. said, $"and {count - said.Count} more"];
    }

    /// <summary>The segments that occupy space, in order of creation, with their holders.</summary>
    /// <returns>What the store looks like at this moment, for people.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    public IReadOnlyList<StoreSegment> GetSegments() =>
        [.. _store.Blocks.Examination.Segments().Select(one => new StoreSegment
        {
            Name = one.Name,
            Kind = KindOf(one.Kind),
            State = StateOf(one.State),
            Lane = one.Lane,
            ByteLength = one.Bytes,
            BytesUsed = one.Committed,
            Created = one.Created,
            HeldBy = one.Holders,
            HasUnnamedHolder = one.HasUnnamedHolder,
        })];

    /// <summary>The processes that have the store open, as far as they can be seen from here: those that have it open
    /// for writing, and of one's own user (root: of all) in this process namespace the readers too.</summary>
    /// <returns>What each maps, holds and writes, for people.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.StoreGone"/>: the store was removed.</exception>
    public IReadOnlyList<StoreParticipant> GetParticipants() =>
        [.. _store.Blocks.Examination.Processes().Select(one => new StoreParticipant
        {
            ProcessId = one.Process,
            Program = one.Name,
            UserId = one.UserId,
            Since = one.Since,
            MayWrite = one.IsWriter,
            Lanes = one.Lanes,
            IsJanitor = one.IsJanitor,
            Segments = one.Segments,
        })];

    internal static StoreSegmentKind KindOf(SegmentKind kind) => kind switch
    {
        SegmentKind.Facts => StoreSegmentKind.Facts,
        SegmentKind.Jumbo => StoreSegmentKind.Large,
        _ => StoreSegmentKind.Data,
    };

    private static StoreSegmentState StateOf(SegmentState state) => state switch
    {
        SegmentState.Creating => StoreSegmentState.Creating,
        SegmentState.Sealed => StoreSegmentState.Sealed,
        SegmentState.Retired => StoreSegmentState.Retired,
        _ => StoreSegmentState.Open,
    };

    /// <summary>
    /// Proves a block again, whatever the mode: its bytes hash to the CID, and where it is a batch they are the
    /// canonical block of what they say. For a damaged block it reports the first byte that differs from the right
    /// bytes, if they can be had.
    /// </summary>
    /// <param name="cid">The CID.</param>
    /// <param name="source">Where the right bytes may be; it is asked only for a damaged block. Null: nowhere.</param>
    /// <param name="cancellationToken">Cancels the call. A block that is being hashed is hashed to its end.</param>
    /// <returns>The result, or null where the block is not here. Damage is recorded in the store
    /// (<see cref="StoreMaintenance.Repair"/>).</returns>
    /// <exception cref="ArrowCidException">Neither proved nor refuted: <see cref="ErrorCode.Busy"/>,
    /// <see cref="ErrorCode.Io"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public VerifyResult? Verify(Cid cid, BlockBackend? source = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string location = _store.Directory;
        RecordLease? block = null;
        try
        {
            block = _store.Reading.FindAny(cid);
            if (block is null) return null;
            location = block.Location;
            BlockInfo info = block.Info;
            if (info.Kind == RecordKind.Raw) _store.Proofs.ProveHash(block, in info);
            else _store.Proofs.Prove(block, in info);
            return new VerifyResult { Cid = cid, Location = location, ByteLength = info.Length, Error = null };
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.NotCanonical)
        {
            return new VerifyResult
            {
                Cid = cid,
                Location = location,
                ByteLength = 0,
                Error = block is null ? e : Explain(e, block, cid, source, cancellationToken),
            };
        }
        finally
        {
            block?.Dispose();
        }
    }

    /// <summary>
    /// Proves every block, as <see cref="Verify"/> does, and names every place of the store where records should
    /// be and none can be read: what was stored there is in no listing.
    /// </summary>
    /// <param name="progress">Gets the number of blocks that were proved so far.</param>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <returns>A result for each batch, for each other block that is damaged, and, without a CID, for each damaged
    /// place.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Verify"/>.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled.</exception>
    public IEnumerable<VerifyResult> VerifyAll(IProgress<OperationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var operation = new Operation(ProgressUnit.Blocks, progress, cancellationToken);
        operation.Expect(_store.Blocks.Examination.GetStatistics().IndexUsed);
        foreach (BlockInfo info in _store.Registry.Entries.Alive(_store.Blocks.Listing.List()))
        {
            bool isBatch = info.Kind == RecordKind.Batch;
            // A block that went between the listing and the look was collected, which is no damage.
            VerifyResult? result = Verify(BlockProof.CidOf(in info), source: null, cancellationToken);
            operation.Step();
            if (result is { } found && (isBatch || !found.IsIntact)) yield return found;
        }

        foreach (string? place in _store.Blocks.Damages.DamageBySegment())
        {
            operation.Check();
            if (place is null) continue;
            yield return new VerifyResult
            {
                Cid = default,
                Location = Path.Combine(_store.Directory, place),
                ByteLength = 0,
                Error = new ArrowCidException(ErrorCode.BlockCorrupt, $"records cannot be read from {place} on")
                {
                    Remedy = new Remedy(RemedyKind.RepairRecords),
                },
            };
        }

        operation.Finish();
    }
}
