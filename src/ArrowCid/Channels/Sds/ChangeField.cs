namespace ArrowCid.Channels.Sds;

/// <summary>The fields of a frame of the journal. They take effect in the order in which they are stored.</summary>
internal enum ChangeField
{
    /// <summary><c>HistoryUpdate</c>: messages delivered at once, and ids that left the history.</summary>
    History = 1,

    /// <summary>The clock.</summary>
    Clock = 2,

    /// <summary>An own message was sent again: its id, when, and how often.</summary>
    Resent = 3,

    /// <summary>An own message needs no more resends.</summary>
    Acknowledged = 4,

    /// <summary>A message waits.</summary>
    Waits = 5,

    /// <summary>A message that waited was delivered.</summary>
    Released = 6,

    /// <summary>A repair request, new or with another time.</summary>
    Request = 7,

    /// <summary>A repair request ended.</summary>
    RequestEnded = 8,

    /// <summary>A repair answer.</summary>
    Answer = 9,

    /// <summary>A repair answer ended.</summary>
    AnswerEnded = 10,

    /// <summary>An id counts as delivered.</summary>
    Known = 11,

    /// <summary>The whole state, which replaces all before it.</summary>
    Snapshot = 12,

    /// <summary>An own message was sent.</summary>
    Sent = 13,
}
