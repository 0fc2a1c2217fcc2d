namespace ArrowCid.Channels.Sds;

/// <summary>An own message that no participant is known to have.</summary>
/// <param name="message">The message, without a filter.</param>
/// <param name="sentAt">When it was sent last, in Unix milliseconds.</param>
/// <param name="resends">How often it was sent again.</param>
internal sealed class UnacknowledgedMessage(SdsMessage message, long sentAt, int resends)
{
    public SdsMessage Message { get; } = message;

    public long SentAt { get; set; } = sentAt;

    public int Resends { get; set; } = resends;

    /// <summary>The place among the own messages.</summary>
    public long Order { get; init; }

    /// <summary>The hashes of its id.</summary>
    public BloomHash Hash { get; init; }

    /// <summary>Participants whose filters seem to hold it.</summary>
    public HashSet<string> PossibleBy { get; } = [];
}
