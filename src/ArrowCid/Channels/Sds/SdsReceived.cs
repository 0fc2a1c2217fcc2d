namespace ArrowCid.Channels.Sds;

/// <summary>The result of <see cref="SdsParticipant.Unwrap"/>.</summary>
/// <param name="Message">The message, without its filter.</param>
/// <param name="Receipt">What became of it.</param>
/// <param name="Missing">Dependencies that are not here: neither delivered nor waiting. In the order of the causal
/// history.</param>
public sealed record SdsReceived(SdsMessage Message, SdsReceipt Receipt, IReadOnlyList<SdsHistoryEntry> Missing);
