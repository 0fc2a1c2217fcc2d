using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>CAR files, backups, copies between stores.</summary>
public sealed partial class StoreTransfer
{
    /// <summary>This store as a backend of blocks by CID: what it gives is read in place, and is hashed
    /// first.</summary>
    /// <returns>The backend; disposing of it leaves the store open.</returns>
    public BlockBackend AsBackend() => new StoreBackend(_store);

    /// <summary>
    /// Writes the bytes of a block of any codec, after they were proved to hash to its CID: of a batch its canonical
    /// block, which every reader of Arrow streams opens, of a schema its message.
    /// </summary>
    /// <param name="cid">The CID.</param>
    /// <param name="destination">The stream that receives the bytes.</param>
    /// <returns>False where the block is not in the store; nothing is written then.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.BlockCorrupt"/>: the bytes do not hash to the CID;
    /// nothing is written then.</exception>
    public bool TryCopyTo(Cid cid, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using RecordLease? block = _store.Reading.Find(cid);
        if (block is null) return false;
        _store.Proofs.ProveHash(block, block.Info);
        destination.Write(block.Memory.Span);
        return true;
    }

    /// <summary>The same; disposing of it closes the store.</summary>
    internal BlockBackend AsOwner() => new StoreBackend(_store, isOwner: true);
}
