using ArrowCid.Memory;
using ArrowCid.Transfer.Backends;

namespace ArrowCid.S3;

/// <summary>Parts of blocks: a request for each range, several at the same time.</summary>
internal sealed partial class S3Backend
{
    private protected override BlockLease[]? FindRanges(Cid cid, IReadOnlyList<BlockSlice> slices,
        CancellationToken cancellationToken) =>
        cid.TryGetSha256(out Digest256 digest)
            ? Wait(end => FindRangesAsync(cid, digest, slices, end), cancellationToken)
            : null;

    private async Task<BlockLease[]?> FindRangesAsync(Cid cid, Digest256 digest, IReadOnlyList<BlockSlice> slices,
        CancellationToken end)
    {
        List<PlannedRange> ranges = RangePlan.Of(slices);
        ArrowCidException? damage = null;
        foreach (bool isFresh in (bool[])[false, true])
        {
            foreach (BucketEntry entry in await _index.FindAsync(digest, isFresh, end))
            {
                try
                {
                    if (await ReadRangesAsync(entry, cid, slices, ranges, end) is { } leases) return leases;
                }
                catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
                {
                    // Another copy may be whole.
                    damage = e;
                }
            }

            if (damage is not null) throw damage;
        }

        return null;
    }

    /// <summary>Reads ranges of a block and hashes the slices in them.</summary>
    /// <returns>Null if the object is gone.</returns>
    private async Task<BlockLease[]?> ReadRangesAsync(BucketEntry entry, Cid cid, IReadOnlyList<BlockSlice> slices,
        List<PlannedRange> ranges, CancellationToken end)
    {
        // What is beyond the block could be another block of the same pack.
        foreach (BlockSlice slice in slices)
        {
            if (slice.Offset + slice.Length > entry.Length) throw EndsBefore(cid, entry.Length, slice);
        }

        bool isThere = true;
        var leases = new BlockLease[slices.Count];
        await Parallel.ForEachAsync(ranges,
            new ParallelOptions { MaxDegreeOfParallelism = _bucket.Settings.Parallel, CancellationToken = end },
            async (range, token) =>
            {
                byte[] bytes = GC.AllocateUninitializedArray<byte>(range.Length);
                if (await _bucket.ReadAsync(entry.Key, entry.Offset + range.Offset, bytes, token))
                    RangePlan.Prove(range, bytes, slices, leases, slice => OtherBytes(cid, slice));
                else Volatile.Write(ref isThere, false);
            });
        return isThere ? leases : null;
    }
}
