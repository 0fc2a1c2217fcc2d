namespace ArrowCid;

/// <summary>A message that is missing.</summary>
/// <param name="Cid">Its id.</param>
/// <param name="Since">When a message came that follows it.</param>
/// <param name="Waiting">The number of messages that wait for it directly.</param>
/// <param name="Asked">How often it was asked for.</param>
public sealed record ChannelGap(Cid Cid, DateTimeOffset Since, int Waiting, int Asked);
