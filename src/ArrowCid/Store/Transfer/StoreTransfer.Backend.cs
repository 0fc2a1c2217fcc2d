using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>CAR files, backups, copies between stores.</summary>
public sealed partial class StoreTransfer
{
    /// <summary>This store as a backend of blocks by CID: what it gives is read in place, and is hashed
    /// first.</summary>
    /// <returns>The backend; disposing of it leaves the store open.</returns>
    public BlockBackend AsBackend() => new StoreBackend(_store);

    /// <summary>The same; disposing of it closes the store.</summary>
    internal BlockBackend AsOwner() => new StoreBackend(_store, isOwner: true);
}
