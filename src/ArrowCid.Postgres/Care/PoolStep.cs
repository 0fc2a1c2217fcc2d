namespace ArrowCid.Postgres;

/// <summary>The steps of the protocol (POOL.md), each passed once it is done.</summary>
internal enum PoolStep
{
    /// <summary>Blocks that are live were looked up.</summary>
    P1,

    /// <summary>Objects in state U are committed.</summary>
    P2,

    /// <summary>An object was written.</summary>
    P3,

    /// <summary>The last transaction of a push is about to be committed.</summary>
    P4,

    /// <summary>The last transaction of a push is committed.</summary>
    P5,

    /// <summary>The sweep is open.</summary>
    C1,

    /// <summary>The marks are committed.</summary>
    C2,

    /// <summary>Candidates are locked and not checked yet.</summary>
    C3,

    /// <summary>Candidates are dead.</summary>
    C4,

    /// <summary>Dead objects are in state X.</summary>
    C5,

    /// <summary>An object was deleted.</summary>
    C6,

    /// <summary>The rows of deleted objects are gone.</summary>
    C7,

    /// <summary>The sweep is closed.</summary>
    C8,
}
