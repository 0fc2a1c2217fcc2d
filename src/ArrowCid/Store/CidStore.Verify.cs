using ArrowCid.Storage;

namespace ArrowCid;

/// <summary>Verification of stored bytes.</summary>
public sealed partial class CidStore
{
    /// <summary>
    /// Writes a block's bytes, once they are proved to hash to its CID: of a batch its canonical block, which every
    /// reader of Arrow streams opens, of a schema its message.
    /// </summary>
    /// <param name="cid">The CID.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>False where the block is not here; nothing is written then.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the bytes do not hash to the CID;
    /// nothing is written then.</exception>
    public bool TryCopyTo(Cid cid, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using RecordLease? block = Reading.Find(cid);
        if (block is null) return false;
        Proofs.ProveHash(block, block.Info);
        destination.Write(block.Memory.Span);
        return true;
    }
}
