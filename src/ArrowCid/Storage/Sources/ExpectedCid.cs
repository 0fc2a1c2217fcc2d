using ArrowCid.Memory;

namespace ArrowCid.Storage;

/// <summary>The CID that the bytes of a put must have, where the caller names one.</summary>
internal static class ExpectedCid
{
    /// <summary>Throws where bytes do not have the hash of a CID, whatever its codec.</summary>
    /// <param name="expected">The CID; the default for any.</param>
    /// <param name="digest">The digest of the bytes.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>.</exception>
    public static void RequireHash(Cid expected, Digest256 digest)
    {
        if (expected.IsDefault || (expected.TryGetSha256(out Digest256 wanted) && wanted == digest)) return;
        throw new ArrowCidException(ErrorCode.InvalidData,
            $"the parts that are said to be {expected} hash to {Cid.FromSha256(Multicodec.Raw, digest)}; " +
            "nothing of it was put");
    }

    /// <summary>Throws where a batch is not that of a CID.</summary>
    /// <param name="expected">The CID; the default for any.</param>
    /// <param name="digest">The digest of the batch's block.</param>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>.</exception>
    public static void RequireBatch(Cid expected, Digest256 digest)
    {
        if (expected.IsDefault) return;
        var cid = Cid.FromSha256(Multicodec.Raw, digest);
        if (cid != expected)
        {
            throw new ArrowCidException(ErrorCode.InvalidData,
                $"the batch is {cid}, not {expected}; it was not put");
        }
    }
}
