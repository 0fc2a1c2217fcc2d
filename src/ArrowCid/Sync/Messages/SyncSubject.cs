namespace ArrowCid.Sync;

/// <summary>What the sets of a comparison are of.</summary>
internal enum SyncSubject
{
    /// <summary>Blocks, by their digests.</summary>
    Blocks,

    /// <summary>Facts that count, each by the SHA-256 of its own payload.</summary>
    Facts,

    /// <summary>Nothing: which store it is.</summary>
    Store,
}
