namespace ArrowCid.Channels.Sds;

/// <summary>A missing message that this participant asks for.</summary>
/// <param name="Entry">The message.</param>
/// <param name="DueAt">When to ask, in Unix milliseconds.</param>
/// <param name="Round">How often it was asked for, by this participant or another.</param>
internal sealed record RepairRequest(SdsHistoryEntry Entry, long DueAt, int Round);
