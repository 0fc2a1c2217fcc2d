namespace ArrowCid.Registry;

/// <summary>Why a block was removed. Numbers are part of the format.</summary>
public enum RemovalReason
{
    /// <summary>A caller asked for it.</summary>
    Asked = 0,

    /// <summary>It had expired, and all that needed it.</summary>
    Expired = 1,

    /// <summary>No root needed it.</summary>
    Unneeded = 2,

    /// <summary>No root needed it, and the store was to be smaller.</summary>
    OverBudget = 3,

    /// <summary>It was a version that a policy does not keep.</summary>
    Forgotten = 4,

    /// <summary>Another place had a copy of it.</summary>
    Demoted = 5,
}
