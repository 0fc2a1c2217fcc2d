namespace ArrowCid;

/// <summary>What an exchange of two channels did.</summary>
/// <param name="Received">The number of messages that came.</param>
/// <param name="Sent">The number of messages that went to the other.</param>
/// <param name="Refused">The number of messages that broke a rule.</param>
/// <param name="Contents">The number of blocks that came with them.</param>
/// <param name="Missing">The number of messages that are missing afterwards.</param>
public sealed record ChannelSyncResult(long Received, long Sent, long Refused, long Contents, int Missing);
