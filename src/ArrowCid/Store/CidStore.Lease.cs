using ArrowCid.Columnar;
using ArrowCid.Registry;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Blocks of every kind, held where they lie.</summary>
public sealed partial class CidStore
{
    /// <summary>What is known of a block of any kind, without a look at its bytes.</summary>
    internal bool TryFindAny(Cid cid, out BlockInfo info)
    {
        using BlockLease? block = Find(cid);
        info = block?.Info ?? default;
        return block is not null;
    }

    /// <summary>What the first members of a node of IPLD say; null where the block is none.</summary>
    internal NodeHead? NodeOf(in BlockInfo info) => _registry.NodeOf(in info);

    /// <summary>Leases a block of any kind, of which nothing is proved.</summary>
    internal BlockLease? LeaseUnproved(Cid cid) => Find(cid);

    /// <summary>Leases a block of any kind, after what the mode asks for was proved.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="batch">The batch, over the lease, where it is one.</param>
    /// <returns>The lease, or null where the block is not here.</returns>
    internal BlockLease? TryLease(Cid cid, out RecordBatch? batch)
    {
        batch = null;
        BlockLease? block = Find(cid);
        if (block is null) return null;
        try
        {
            if (block.Kind == RecordKind.Batch) batch = Read(block);
            else if (!IsProved(block, Proof.Hash)) ProveBytes(block);
            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>Leases a batch as it lies, after what the mode asks for was proved.</summary>
    /// <returns>The lease, or null where the block is not here.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.SchemaMismatch"/>: it is no batch; others as for
    /// <see cref="TryGet"/>.</exception>
    internal BlockLease? TryLease(Cid cid)
    {
        BlockLease? block = Find(cid);
        if (block is { Kind: RecordKind.Batch } && IsProved(block, Proof.Form)) return block;
        block?.Dispose();
        if (block is null || TryLease(cid, out RecordBatch? batch) is not { } proved) return null;
        if (batch is not null) return proved;
        proved.Dispose();
        throw new ArrowCidException(ErrorCode.SchemaMismatch, $"{cid} is not a batch");
    }

    private void ProveBytes(BlockLease block)
    {
        ProveHash(block, block.Info);
        Mark(block, Proof.Hash);
    }
}
