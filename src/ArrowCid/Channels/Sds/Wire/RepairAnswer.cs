namespace ArrowCid.Channels.Sds;

/// <summary>A message that another participant asked for and this one has.</summary>
/// <param name="Entry">The message.</param>
/// <param name="Message">Its bytes, in the form of nim-sds; empty while the history holds it.</param>
/// <param name="DueAt">When to send it, in Unix milliseconds.</param>
internal sealed record RepairAnswer(SdsHistoryEntry Entry, ReadOnlyMemory<byte> Message, long DueAt);
