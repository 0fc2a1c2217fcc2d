namespace ArrowCid.Registry;

/// <summary>Why a block was removed. Numbers are part of the format.</summary>
public enum RemovalReason
{
    /// <summary>Somebody asked for it.</summary>
    Asked = 0,

    /// <summary>It had expired, and all that needed it.</summary>
    Expired = 1,

    /// <summary>No root needed it.</summary>
    Unneeded = 2,

    /// <summary>No root needed it, and the store was to be smaller.</summary>
    OverBudget = 3,

    /// <summary>It was a version that a policy does not keep.</summary>
    Forgotten = 4,
}

/// <summary>A line of the log of removals.</summary>
/// <param name="Cid">The block; it may have been put again since.</param>
/// <param name="ByteLength">Its bytes; 0 of a view, which showed another block's.</param>
/// <param name="Time">When it was removed.</param>
/// <param name="Reason">Why.</param>
/// <param name="Rule">The policy by which it went; empty where it has no name.</param>
/// <param name="By">The program that removed it, and its process id then.</param>
public sealed record RemovalEntry(Cid Cid, long ByteLength, DateTimeOffset Time, RemovalReason Reason, string Rule,
    string By);
