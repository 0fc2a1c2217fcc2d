namespace ArrowCid;

/// <summary>What a sync does with a block, or why it does nothing.</summary>
public enum SyncOutcome
{
    /// <summary>It comes to this store.</summary>
    Pull = 1,

    /// <summary>It goes to the other side.</summary>
    Push = 2,

    /// <summary>It was removed here, and does not come back.</summary>
    RemovedHere = 3,

    /// <summary>It was removed on the other side, and is not sent.</summary>
    RemovedThere = 4,

    /// <summary>It is over <see cref="SyncOptions.MaxBytes"/>.</summary>
    OverLimit = 5,

    /// <summary>The side that listed it does not give it.</summary>
    Missing = 6,

    /// <summary>The bytes that came do not hash to its CID. Nothing was stored.</summary>
    WrongBytes = 7,

    /// <summary>The receiving side refused it.</summary>
    Refused = 8,

    /// <summary>It was removed on the other side, and is removed here.</summary>
    Delete = 9,

    /// <summary>It came, and a trust rule of this store keeps it from being read: no key of the rule has signed it
    /// yet.</summary>
    Untrusted = 10,
}
