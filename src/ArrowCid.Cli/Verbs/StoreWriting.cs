namespace ArrowCid.Cli.Verbs;

/// <summary>What the verbs that change facts have in common.</summary>
internal static class StoreWriting
{
    /// <summary>Opens a store that must be there: there is nothing to be said about an empty one.</summary>
    public static CidStore Open(string? directory) =>
        StoreReading.Warning(CidStore.Open(directory,
            new CidStoreOptions { CreateIfMissing = false, OpenPlace = Locations.Open }));
}
