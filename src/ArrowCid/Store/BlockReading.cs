using System.Diagnostics;
using ArrowCid.Columnar;
using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Finds and leases blocks.</summary>
internal sealed class BlockReading(StoreCore core, BlockProof proofs)
{
    /// <summary>As <see cref="CidStore.TryGet"/>, once the bytes are proved to hash to the CID, whatever the
    /// mode.</summary>
    public BatchLease? TryGetProved(Cid cid) => TryLeaseBatch(cid, block => proofs.ProveHash(block, block.Info));

    /// <summary>As <see cref="CidStore.TryGet"/>, for a server: the bytes are proved unless a process has done so where
    /// they
    /// are stored since the machine started.</summary>
    public BatchLease? TryGetToSend(Cid cid) => TryLeaseBatch(cid, proofs.ProveHashOnce);

    public BatchLease? TryLeaseBatch(Cid cid, Action<RecordLease>? prove)
    {
        if (!StoreMeter.GetDuration.Enabled) return Get(cid, prove);
        long started = Stopwatch.GetTimestamp();
        try
        {
            return Get(cid, prove);
        }
        finally
        {
            StoreMeter.GetDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, core.Blocks.Reporter.Tag);
        }
    }

    private BatchLease? Get(Cid cid, Action<RecordLease>? prove)
    {
        RecordLease? block = Find(cid);
        if (block is null) return null;
        try
        {
            Touch(block);
            prove?.Invoke(block);
            if (block.Kind is RecordKind.Schema or RecordKind.View)
            {
                throw new ArrowCidException(ErrorCode.SchemaMismatch,
                    $"{cid} is {(block.Kind == RecordKind.Schema ? "a schema" : "a part of a block")}, not a batch");
            }

            return new BatchLease(block, proofs.Read(block));
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>The rules of trust; null while the store is being opened.</summary>
    public StoreTrust? Trust { get; set; }

    /// <summary>Any bytes are found under any codec; batches and schemas are raw bytes.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.AccessDenied"/>: a trust rule refuses the
    /// block.</exception>
    public RecordLease? Find(Cid cid)
    {
        RecordLease? block = FindUnjudged(cid);
        if (block is null || Trust is not { MayApply: true } trust) return block;
        try
        {
            trust.Require(cid);
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Find"/>, also of a block that a trust rule refuses.</summary>
    public RecordLease? FindUnjudged(Cid cid)
    {
        RecordLease? block = FindAny(cid);
        if (block is null || core.Blocks.Damages.Damaged.IsEmpty || !block.IsKnownDamaged(core.Blocks.Damages.Damaged))
            return block;
        block.Dispose();
        // A place may have the right bytes, which are stored instead.
        return TryRepair(cid) ?? throw BlockProof.KnownDamaged(cid, block.Location);
    }

    /// <summary>As <see cref="Find"/>, of a block that is known to be damaged too.</summary>
    public RecordLease? FindAny(Cid cid) => FindHere(cid) ?? core.Fill?.TryLease(cid);

    /// <summary>Whether a block is stored here, or a place is known to have it, from which it is read where the handle
    /// reads places.</summary>
    public bool IsReadable(Cid cid)
    {
        using RecordLease? block = FindWhole(cid);
        return block is not null || core.Fill?.Knows(cid) == true;
    }

    /// <summary>As <see cref="FindHere"/>, of a block that is not known to be damaged.</summary>
    public RecordLease? FindWhole(Cid cid)
    {
        RecordLease? block = FindHere(cid);
        if (block?.IsKnownDamaged(core.Blocks.Damages.Damaged) != true) return block;
        block.Dispose();
        return null;
    }

    /// <summary>Replaces a damaged block by the copy of a place.</summary>
    private RecordLease? TryRepair(Cid cid)
    {
        try
        {
            return core.Fill?.TryLease(cid);
        }
        catch (ArrowCidException)
        {
            // The damage is what the caller hears of.
            return null;
        }
    }

    /// <summary>As <see cref="FindAny"/>, without a look at places.</summary>
    public RecordLease? FindHere(Cid cid)
    {
        if (!BlockProof.IsOurs(cid, out Digest256 digest)) return null;
        core.Blocks.Cache.Heat.Prefetch(in digest);
        RecordLease? block = core.Blocks.Handle.Find(digest);
        if (block is null) return null;
        try
        {
            bool isOfCodec = cid.Codec == Multicodec.Raw || block.Kind is not (RecordKind.Batch or RecordKind.Schema);
            if (isOfCodec && !proofs.IsRemoved(in digest)) return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }

        block.Dispose();
        return null;
    }

    /// <summary>The root of a block as a UnixFS file, where a manifest does not link to the block itself.</summary>
    public Cid DagOf(RecordLease block)
    {
        if (block.Info.Length <= Dataset.MaxLinked) return default;
        proofs.ProveHash(block, block.Info);
        return UnixFsDag.Of(block.Memory.Span, UnixFsProfile.V1Of2025).Root;
    }

    /// <summary>What is known of a block of any kind, without a look at its bytes.</summary>
    public bool TryFindAny(Cid cid, out BlockInfo info)
    {
        using RecordLease? block = FindUnjudged(cid);
        info = block?.Info ?? default;
        return block is not null;
    }

    /// <summary>What the first members of a node of IPLD say; null where the block is none.</summary>
    public NodeHead? NodeOf(in BlockInfo info) => core.Registry.Entries.NodeOf(in info);

    /// <summary>Leases a block of any kind, of which nothing is proved.</summary>
    public RecordLease? LeaseUnproved(Cid cid)
    {
        RecordLease? block = Find(cid);
        if (block is not null) Touch(block);
        return block;
    }

    /// <summary>Counts a read of a block (<see cref="HeatFile"/>).</summary>
    public void Touch(RecordLease block) => core.Blocks.Cache.Heat.Touch(in block.Digest, block.Memory.Length);

    /// <summary>Leases a block of any kind, after what the mode asks for was proved.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="batch">The batch, over the lease, where it is one.</param>
    /// <returns>The lease, or null where the block is not here.</returns>
    public RecordLease? TryLease(Cid cid, out RecordBatch? batch)
    {
        batch = null;
        RecordLease? block = Find(cid);
        if (block is null) return null;
        try
        {
            Touch(block);
            if (block.Kind == RecordKind.Batch) batch = proofs.Read(block);
            else if (!proofs.IsProved(block, Proof.Hash)) proofs.ProveBytes(block);
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>Proves what a server sends of a leased batch: the hash of its bytes, unless a process has proved it
    /// where they are stored since the machine started, and what the mode asks for.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/> or
    /// <see cref="ErrorCode.NotCanonical"/>: it is not what its CID says.</exception>
    public void ProveToSend(RecordLease block)
    {
        proofs.ProveHashOnce(block);
        if (!proofs.IsProved(block, Proof.Form)) _ = proofs.Read(block);
    }

    /// <summary>A lease on a block whose bytes were just proved to hash to its CID, or null.</summary>
    public RecordLease? Prove(Cid cid)
    {
        RecordLease? block = Find(cid);
        if (block is null) return null;
        try
        {
            proofs.ProveHash(block, block.Info);
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>A block's bytes in memory of their own, proved; null where it is not here.</summary>
    public byte[]? ReadBlock(Cid cid)
    {
        using RecordLease? block = Prove(cid);
        return block?.Memory.ToArray();
    }

    /// <summary>A dag-cbor block, read strictly; null where it is not here.</summary>
    public IpldNode? ReadNode(Cid cid) => ReadBlock(cid) is { } bytes ? DagCbor.Decode(bytes) : null;

    /// <summary>As <see cref="ReadNode"/>, for settings of the store itself: a trust rule that covers all blocks does
    /// not keep the store from them.</summary>
    public IpldNode? ReadSettings(Cid cid)
    {
        using RecordLease? block = FindUnjudged(cid);
        if (block is null) return null;
        proofs.ProveHash(block, block.Info);
        return DagCbor.Decode(block.Memory.Span);
    }

    /// <summary>Whether the stored copy of a block hashes to its CID; where it does not that is recorded.</summary>
    /// <returns>False too where the block is not here or its record cannot be read.</returns>
    public bool IsIntact(Cid cid)
    {
        try
        {
            using RecordLease? block = FindAny(cid);
            if (block is null) return false;
            proofs.ProveHash(block, block.Info);
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }
}
