using ArrowCid.Storage;
using ArrowCid.Transfer.Backup;

namespace ArrowCid;

/// <summary>What a backup lacks of a store.</summary>
internal static class BackupDifferences
{
    /// <summary>Compares a store with a backup of it.</summary>
    /// <returns>The blocks of the store, and those of which the backup does not have the bytes.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is a backup of another
    /// store.</exception>
    public static (long Here, IReadOnlyList<SyncItem> Lacking) Of(CidStore store, StoreBackup? backup, string path)
    {
        if (backup is not null && backup.Increments[^1].Store != store.Blocks.Id)
        {
            throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"{path} is a backup of another store; nothing was written; name another file");
        }

        long here = 0;
        var lacking = new List<SyncItem>();
        foreach (BlockInfo block in store.Registry.Entries.Alive(store.Blocks.Listing.List()))
        {
            here++;
            if (backup?.HasBytes(block.Digest) == true) continue;
            lacking.Add(new SyncItem(Cid.FromSha256(block.Codec, block.Digest), block.Length, SyncOutcome.Push));
        }

        return (here, lacking);
    }
}
