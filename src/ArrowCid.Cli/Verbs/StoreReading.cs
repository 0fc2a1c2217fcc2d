namespace ArrowCid.Cli.Verbs;

/// <summary>What the verbs that only look into a store have in common.</summary>
internal static class StoreReading
{
    /// <summary>Opens a store that must be there, and changes nothing in it.</summary>
    public static CidStore Open(string? directory, VerifyMode verify = VerifyMode.Trusted) =>
        CidStore.Open(directory, new CidStoreOptions { MustExist = true, ReadOnly = true, Verify = verify });

    /// <summary>The lease on a batch, or an error that says what to do.</summary>
    public static BatchLease Get(CidStore store, string cid) =>
        store.TryGet(Cid.Parse(cid)) ?? throw Failure.NoBlock(cid, store);
}
