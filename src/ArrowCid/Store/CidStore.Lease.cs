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
        using RecordLease? block = Find(cid);
        info = block?.Info ?? default;
        return block is not null;
    }

    /// <summary>What the first members of a node of IPLD say; null where the block is none.</summary>
    internal NodeHead? NodeOf(in BlockInfo info) => _registry.Entries.NodeOf(in info);

    /// <summary>Leases a block of any kind, of which nothing is proved.</summary>
    internal RecordLease? LeaseUnproved(Cid cid) => Find(cid);

    /// <summary>Leases a block of any kind, after what the mode asks for was proved.</summary>
    /// <param name="cid">The CID.</param>
    /// <param name="batch">The batch, over the lease, where it is one.</param>
    /// <returns>The lease, or null where the block is not here.</returns>
    internal RecordLease? TryLease(Cid cid, out RecordBatch? batch)
    {
        batch = null;
        RecordLease? block = Find(cid);
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

    /// <summary>Proves what a server sends of a leased batch: the hash of its bytes, unless a process has proved it
    /// where they are stored since the machine started, and what the mode asks for.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/> or
    /// <see cref="ErrorCode.NotCanonical"/>: it is not what its CID says.</exception>
    internal void ProveToSend(RecordLease block)
    {
        ProveHashOnce(block);
        if (!IsProved(block, Proof.Form)) _ = Read(block);
    }

    /// <summary>Reads a leased batch, after what the mode asks for was proved.</summary>
    internal RecordBatch ReadView(RecordLease block) => Read(block);

    private void ProveHashOnce(RecordLease block)
    {
        if (!IsMarked(block, Proof.Hash)) ProveBytes(block);
    }

    private void ProveBytes(RecordLease block)
    {
        ProveHash(block, block.Info);
        Mark(block, Proof.Hash);
    }

    /// <summary>Keeps blocks that are here from being removed until the hold is disposed of, the store is closed or
    /// this process ends, however it ends.</summary>
    /// <param name="cids">1 to 1,024 blocks.</param>
    /// <returns>The hold.</returns>
    /// <exception cref="ArrowCidException">As for <see cref="StoreRetention.Pin"/>.</exception>
    /// <exception cref="InvalidOperationException">The store is open for reading only.</exception>
    public BlockHold Hold(params ReadOnlySpan<Cid> cids)
    {
        foreach (Cid cid in cids) ThrowIfDefault(cid);
        Cid[] held = cids.ToArray();
        return new BlockHold(_blocks, _registry.Pins.Hold(held), held);
    }
}
