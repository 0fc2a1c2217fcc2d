namespace ArrowCid.Server;

/// <summary>What a server does with its store.</summary>
public enum ServerRole
{
    /// <summary>It serves the store, and stores what callers with the right scope put.</summary>
    Full = 0,

    /// <summary>It serves the store and what its places have, which it keeps within the size of the cache. Callers put
    /// and change nothing.</summary>
    Cache = 1,

    /// <summary>It serves what the store has and changes nothing.</summary>
    Reader = 2,
}
