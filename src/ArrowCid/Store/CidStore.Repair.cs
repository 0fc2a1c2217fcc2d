using ArrowCid.Ipc;
using ArrowCid.Memory;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Damaged blocks, and their replacement while the store is in use.</summary>
public sealed partial class CidStore
{
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
            using RecordLease? block = FindAny(cid);
            if (block is null) return false;
            ProveHash(block, block.Info);
            return true;
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.BlockCorrupt)
        {
            return false;
        }
    }

    private bool IsKnownDamaged(in Digest256 digest)
    {
        if (_blocks.Damages.Damaged.IsEmpty) return false;
        using RecordLease? block = _blocks.Find(digest);
        return block?.IsKnownDamaged(_blocks.Damages.Damaged) == true;
    }

    private void LeaveOutDamaged(ReadOnlySpan<Digest256> digests, Span<bool> found)
    {
        for (int i = 0; i < digests.Length; i++) found[i] = found[i] && !IsKnownDamaged(in digests[i]);
    }

    private static ArrowCidException KnownDamaged(Cid cid, string location) =>
        Damaged(cid, $"the bytes of {cid} are damaged ({location})");

    private static ArrowCidException Damaged(Cid cid, string message) => new(ErrorCode.BlockCorrupt, message)
    {
        Remedy = new Remedy(RemedyKind.RepairBlock, cid.ToString()),
    };
}
