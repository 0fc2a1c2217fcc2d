using ArrowCid.Transfer.Backends;
using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Damaged blocks, and their replacement while the store is in use.</summary>
public sealed partial class CidStore
{
    private const string RepairWords = "repair it from a copy ('arrowcid repair'), or put it again";

    // What the bytes of a large block are cut into where one names the first that differs.
    private const int LeafBytes = 1 << 20;

    /// <summary>
    /// Replaces a damaged block by the right bytes, beside readers and writers of all processes: a good copy is
    /// appended, lookups move to it, and the damaged range is recorded and later freed by a compaction. Leases that
    /// exist keep the bytes that they have. Nothing is announced, and names, tags and times stay.
    /// </summary>
    /// <param name="cid">The CID.</param>
    /// <param name="source">Where the right bytes are; it is asked only for a damaged block.</param>
    /// <returns>What was done, or null where the block was never here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.Busy"/>: another process or thread is collecting;
    /// <see cref="ErrorCode.StoreFull"/>: no space for the good copy.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public RepairResult? Repair(Cid cid, BlockBackend source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _blocks.EnterToWrite();
        if (!IsOurs(cid, out Digest256 digest)) return null;
        if (Verify(cid) is { } found)
            return found.Error is { Code: ErrorCode.BlockCorrupt }
                ? RepairFrom(source, cid, in digest, found.Location)
                : new RepairResult(cid, RepairOutcome.Intact, found.Location, 0, null);
        return _blocks.FindQuarantined(in digest) is { } place
            ? RepairFrom(source, cid, in digest, Path.Combine(Directory, place))
            : null;
    }

    /// <summary>Proves every block and repairs the damaged ones, as <see cref="Repair"/> does.</summary>
    /// <param name="source">Where the right bytes are.</param>
    /// <returns>A result for each block that is damaged or quarantined, as it is found.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="Repair"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public IEnumerable<RepairResult> RepairAll(BlockBackend source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _blocks.EnterToWrite();
        return Run();

        IEnumerable<RepairResult> Run()
        {
            foreach (BlockInfo info in _registry.Alive(_blocks.List()))
            {
                if (Repair(CidOf(in info), source) is { Outcome: not RepairOutcome.Intact } result) yield return result;
            }

            foreach (Cid cid in _blocks.LostBlocks())
            {
                if (Repair(cid, source) is { Outcome: not RepairOutcome.Intact } result) yield return result;
            }
        }
    }

    /// <summary>Puts a block's bytes where the stored copy is damaged; nothing is announced.</summary>
    /// <returns>Whether the stored copy was damaged or not found.</returns>
    internal bool PutRepair(Cid cid, ReadOnlyMemory<byte> bytes)
    {
        PutRequest request;
        CanonicalSchema? schema = null;
        if (cid.Codec == Multicodec.Raw)
        {
            (request, schema, _) = Plan(bytes, new RawBlock(bytes, cid), onlyBatch: false)!.Value;
        }
        else
        {
            ExpectedCid.RequireHash(cid, Sha256.Hash(bytes.Span));
            request = Request(bytes) with { Codec = (uint)cid.Codec };
        }

        request = request with { IsRepair = true };
        PutResult put = schema is null ? Put(request) : PutNeeding(request, schema);
        return put.IsNew || put.IsRepaired;
    }

    /// <summary>Whether the stored copy of a block hashes to its CID; where it does not that is recorded.</summary>
    /// <returns>False too where the block is not here or its record cannot be read.</returns>
    internal bool IsIntact(Cid cid)
    {
        try
        {
            using BlockLease? block = FindAny(cid);
            if (block is null) return false;
            ProveHash(block, block.Info);
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private RepairResult RepairFrom(BlockBackend source, Cid cid, in Digest256 digest, string location)
    {
        try
        {
            using BackendBlock? good = source.TryGet(cid);
            if (good is null)
                return new RepairResult(cid, RepairOutcome.Damaged, location, 0,
                    new ArrowCidException(ErrorCode.BlockNotFound, $"no block {cid} at {source.Name}"));
            // A drop beside this would not see that the block is here again.
            using MaintenanceLockScope term = _blocks.TryBecomeJanitor(_timeout)
                ?? throw new ArrowCidException(ErrorCode.Busy,
                $"{Directory}: another process or thread is collecting; try again");
            if (IsRemoved(in digest)) return new RepairResult(cid, RepairOutcome.Removed, location, 0, null);
            return PutRepair(cid, good.Bytes)
                ? new RepairResult(cid, RepairOutcome.Repaired, location, good.Bytes.Length, null)
                : new RepairResult(cid, RepairOutcome.Intact, location, 0, null);
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.BlockCorrupt or ErrorCode.Io or ErrorCode.AccessDenied)
        {
            return new RepairResult(cid, RepairOutcome.Damaged, location, 0, e);
        }
    }

    /// <summary>Adds to an error where the damage begins, as far as that can be told.</summary>
    private static ArrowCidException Explain(ArrowCidException error, BlockLease block, Cid cid, BlockBackend? source)
    {
        if (error.Code != ErrorCode.BlockCorrupt) return error;
        string? where = source is null ? null : FirstDifference(block, cid, source);
        where ??= block.Kind == RecordKind.Batch ? FirstFault(block) : null;
        return where is null ? error : new ArrowCidException(error.Code, $"{error.Message}; {where}", error);
    }

    private static string? FirstDifference(BlockLease block, Cid cid, BlockBackend source)
    {
        try
        {
            using BackendBlock? good = source.TryGet(cid);
            if (good is null) return null;
            int at = block.Memory.Span.CommonPrefixLength(good.Bytes.Span);
            return at == good.Bytes.Length ? null
                : $"the first difference is at byte {at} (in the 1 MiB leaf {at / LeafBytes})";
        }
        catch (ArrowCidException)
        {
            // The source is judged by itself.
            return null;
        }
    }

    /// <summary>What reading the bytes as a batch meets first.</summary>
    private static string? FirstFault(BlockLease block)
    {
        try
        {
            using BlockPlan plan = BlockPlan.Of(CanonicalBlock.DecodeView(block.Memory));
            return null;
        }
        catch (InvalidArrowException e)
        {
            return $"as a batch: {e.Message}";
        }
    }

    private bool IsKnownDamaged(in Digest256 digest)
    {
        if (_blocks.Damaged.IsEmpty) return false;
        using BlockLease? block = _blocks.Find(digest);
        return block?.IsKnownDamaged(_blocks.Damaged) == true;
    }

    private void LeaveOutDamaged(ReadOnlySpan<Digest256> digests, Span<bool> found)
    {
        for (int i = 0; i < digests.Length; i++) found[i] = found[i] && !IsKnownDamaged(in digests[i]);
    }

    private static ArrowCidException KnownDamaged(Cid cid, string location) => new(ErrorCode.BlockCorrupt,
        $"the bytes of {cid} are damaged ({location}); {RepairWords}");
}
