namespace ArrowCid.Cli.Verbs;

/// <summary>What the verbs that only look into a store have in common.</summary>
internal static class StoreReading
{
    // As for a checkpoint of the maintenance.
    private const ulong MostUnread = 4096;

    /// <summary>Opens a store that must be there, and changes nothing in it but what a copy or another boot makes
    /// necessary: then its index is rebuilt first.</summary>
    public static CidStore Open(string? directory, VerifyMode verify = VerifyMode.Trusted)
    {
        try
        {
            return Warning(CidStore.Open(directory, new CidStoreOptions
            {
                CreateIfMissing = false,
                ReadOnly = true,
                Verify = verify,
                OpenPlace = Locations.Open,
            }));
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.Unsupported)
        {
            return Warning(CidStore.Open(directory, new CidStoreOptions
            {
                CreateIfMissing = false,
                Verify = verify,
                OpenPlace = Locations.Open,
            }));
        }
    }

    /// <summary>Says on standard error which trust rules are not met.</summary>
    public static CidStore Warning(CidStore store)
    {
        store.Signatures.Trust.Warned += (_, verdict) => CommandError.Say($"warning: {verdict.Fault}");
        return store;
    }

    /// <summary>As <see cref="Open"/>, for verbs that ask the registry: where many records are not in its index yet,
    /// the index is brought up to date first, so that the next command does not read them again.</summary>
    public static CidStore OpenForQueries(string? directory)
    {
        CidStore store = Open(directory);
        try
        {
            if (store.IsReadOnly && store.Registry.Reader.Unread() >= MostUnread) UpdateIndex(store.Directory);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open"/>; null where there is no store.</summary>
    public static CidStore? TryOpen(string? directory, VerifyMode verify = VerifyMode.Trusted)
    {
        try
        {
            return Open(directory, verify);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreGone)
        {
            return null;
        }
    }

    /// <summary>Records in a store that blocks are damaged, for every process: the store was open for reading
    /// only.</summary>
    public static void RecordDamage(string? directory, IReadOnlyCollection<Cid> damaged)
    {
        if (damaged.Count == 0) return;
        try
        {
            using var store = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false });
            foreach (Cid cid in damaged) _ = store.Diagnostics.Verify(cid);
        }
        catch (Exception e) when (e is ArrowCidException or InvalidOperationException)
        {
            // The damage was reported; a store that cannot be written to keeps no record of it.
        }
    }

    /// <summary>The lease on a batch by its CID or name, or an error that says what to do.</summary>
    public static BatchLease Get(CidStore store, string cid) =>
        Get(store, BlockReference.Resolve(store, cid));

    private static void UpdateIndex(string directory)
    {
        try
        {
            using var writer = CidStore.Open(directory, new CidStoreOptions { CreateIfMissing = false });
            // Another process that is at it has the lock; then this one reads the records itself.
            _ = writer.Maintenance.Checkpoint();
        }
        catch (ArrowCidException e) when (e.Code is ErrorCode.AccessDenied or ErrorCode.Io or ErrorCode.Busy or
            ErrorCode.StoreFull or ErrorCode.Unsupported or ErrorCode.ResourceExhausted)
        {
            // The index only saves time; without write access or space the records are read.
        }
    }

    private static BatchLease Get(CidStore store, Cid cid) =>
        store.TryGet(cid) ?? throw CommandError.NoBlock(cid.ToString(), store);
}
