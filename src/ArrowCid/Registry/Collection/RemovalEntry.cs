namespace ArrowCid.Registry;

/// <summary>A line of the log of removals.</summary>
/// <param name="Cid">The block; it may have been put again since.</param>
/// <param name="ByteLength">Its bytes; 0 of a view, which showed another block's.</param>
/// <param name="Time">When it was removed.</param>
/// <param name="Reason">Why.</param>
/// <param name="Rule">The policy by which it went; empty where it has no name.</param>
/// <param name="By">The program that removed it, and its process id then.</param>
public sealed record RemovalEntry(Cid Cid, long ByteLength, DateTimeOffset Time, RemovalReason Reason, string Rule,
    string By);
