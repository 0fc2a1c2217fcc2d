namespace ArrowCid.Channels.Sds;

/// <summary>What happened in an SDS channel.</summary>
public enum SdsEventKind
{
    /// <summary>A message was delivered, after everything that it depends on
    /// (<see cref="SdsEvent.Message"/>).</summary>
    Delivered,

    /// <summary>A participant (<see cref="SdsEvent.ParticipantId"/>) has an own message: its causal history names it.
    /// Or the filters of <see cref="SdsOptions.PossibleAcknowledgments"/> participants hold it.</summary>
    Acknowledged,

    /// <summary>The filter of a participant (<see cref="SdsEvent.ParticipantId"/>) seems to hold an own message. A
    /// filter is wrong about one message in a thousand.</summary>
    PossiblyAcknowledged,

    /// <summary>No participant acknowledged an own message in <see cref="SdsOptions.MaxResends"/> resends. It is not
    /// resent any longer, and stays in the history.</summary>
    Failed,

    /// <summary>A message arrived whose dependencies (<see cref="SdsEvent.Missing"/>) are not here. Raised once for
    /// each message.</summary>
    Missing,

    /// <summary>An own message without acknowledgment is to be sent again: <see cref="SdsEvent.Bytes"/>.</summary>
    Resend,

    /// <summary>A message that another participant misses is to be sent: <see cref="SdsEvent.Bytes"/>.</summary>
    Rebroadcast,

    /// <summary>A sync message is to be sent: <see cref="SdsEvent.Bytes"/>.</summary>
    Sync,

    /// <summary>The storage failed (<see cref="SdsEvent.Error"/>). The state in memory goes on, and is written with the
    /// next change.</summary>
    StorageFailed,
}
