using ArrowCid.Exchange.Backends;
using ArrowCid.Storage;

namespace ArrowCid.Torture;

/// <summary>Damage that a torture does to the blocks that all of its workers share: their bytes can be made again.</summary>
internal static class TortureDamage
{
    /// <summary>Changes one stored byte of a block, if it is there.</summary>
    /// <returns>The block's CID.</returns>
    public static Cid Flip(CidStore store, byte[] bytes, Random random)
    {
        var cid = Cid.Sha256(Multicodec.Raw, bytes);
        try
        {
            using BlockLease? lease = store.LeaseUnproved(cid);
            if (lease?.Range is not { } range) return cid;
            string segment = Path.Combine(store.Directory, Layout.SegmentName(range.Slot, range.Generation));
            int at = random.Next(bytes.Length);
            using FileStream file = File.Open(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.Position = range.Offset + Layout.RecordHeaderBytes + at;
            file.WriteByte((byte)(bytes[at] ^ 0x10));
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            // Another worker has damaged it, and it is recorded.
        }

        return cid;
    }

    /// <summary>Repairs what a worker was killed over.</summary>
    /// <returns>What is wrong, empty where nothing is.</returns>
    public static IEnumerable<string> Repair(CidStore store)
    {
        // Also of copies that nothing leads to any more.
        store.Blocks.Quarantine();
        using BlockBackend source = BlockBackend.InMemory();
        for (long number = 0; number < TortureWorker.Shared; number++)
        {
            byte[] bytes = TortureBlocks.Raw(number, TortureWorker.SharedBytes);
            source.Put(Cid.Sha256(Multicodec.Raw, bytes), bytes);
        }

        return [.. store.RepairAll(source).Where(result => result.Outcome == RepairOutcome.Damaged)
            .Select(result => $"{result.Cid} at {result.Location} is damaged and not repaired: {result.Error?.Message}")];
    }
}
