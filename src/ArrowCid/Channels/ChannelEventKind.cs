namespace ArrowCid.Channels;

/// <summary>What happened in a channel.</summary>
public enum ChannelEventKind
{
    /// <summary>A message was delivered: all that it follows was delivered before.</summary>
    Delivered = 0,

    /// <summary>A message that others follow is not here.</summary>
    Missing = 1,

    /// <summary>A missing message came.</summary>
    Repaired = 2,

    /// <summary>A writer declared a message lost that no participant has.</summary>
    Lost = 3,

    /// <summary>A run has two messages of one number. Both count.</summary>
    Forked = 4,

    /// <summary>A stored message does not follow the rules of the channel, and is not delivered.</summary>
    Refused = 5,

    /// <summary>Another participant has one of the own messages.</summary>
    Acknowledged = 6,
}
