namespace ArrowCid.Channels;

/// <summary>What an engine does with a message.</summary>
internal enum MessageVerdict
{
    /// <summary>It was delivered, perhaps with others that waited for it.</summary>
    Delivered,

    /// <summary>It waits for messages that are not here.</summary>
    Waiting,

    /// <summary>It was known.</summary>
    Duplicate,

    /// <summary>Its time is too far ahead, its writer is not known yet, or there is no space: it may be offered
    /// again.</summary>
    Later,

    /// <summary>It is of another channel.</summary>
    OtherChannel,

    /// <summary>It is over a limit of the channel.</summary>
    OverLimit,

    /// <summary>Its signature does not hold, or is missing.</summary>
    BadSignature,

    /// <summary>Its time is not after that of each parent, or its writer may not write after them.</summary>
    Refused,
}
