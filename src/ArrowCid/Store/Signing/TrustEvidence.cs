using ArrowCid.Ipld;
using ArrowCid.Memory;
using ArrowCid.Signing;
using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>
/// Blocks that no trust rule covers, because the rules are judged by them or they prove something themselves:
/// statements, signatures, lists of both, seals with their lists, and the rules. They are told by their form, which
/// leaves no space for other data but the words of a statement.
/// </summary>
internal static class TrustEvidence
{
    private const int MostBytes = 1 << 26;

    /// <summary>Whether a stored block is one. A block that is not stored here is none.</summary>
    public static bool IsOne(BlockStore blocks, Cid cid)
    {
        // Below the rules, which are what is judged.
        using RecordLease? lease = cid.TryGetSha256(out Digest256 digest) ? blocks.Find(digest) : null;
        return lease is { Kind: RecordKind.Raw } && IsOne(lease.Memory.Span);
    }

    private static bool IsOne(ReadOnlySpan<byte> block)
    {
        bool isSignature = CoseFormat.TryRead(CoseKind.Sign1, block, out _, out _) ||
            CoseFormat.TryRead(CoseKind.Mac0, block, out _, out _);
        if (isSignature) return true;
        if (block.Length > MostBytes || block.IndexOf("arrowcid/"u8) < 0) return false;
        try
        {
            switch (ManifestNode.KindOf(DagCbor.Decode(block)))
            {
                case Statement.Kind: _ = Statement.Decode(block); return true;
                case TrustTable.Kind: _ = TrustTable.Decode(block); return true;
                case LogSeal.Kind: _ = LogSeal.Decode(block); return true;
                case SealedAudit.Kind: _ = SealedAudit.Decode(block); return true;
                default: return StatementList.TryDecode(block, out bool isBundle) is not null && !isBundle;
            }
        }
        catch (InvalidIpldException)
        {
            return false;
        }
    }
}
