namespace ArrowCid.Channels.Sds;

/// <summary>A delivered message in the history of a channel.</summary>
internal sealed class SdsLogEntry(SdsMessage message, SdsDialect dialect) : IComparable<SdsLogEntry>
{
    public SdsMessage Message { get; } = message;

    /// <summary>What later messages name it by.</summary>
    public SdsHistoryEntry Reference { get; } = new(message.Id)
    {
        SenderId = message.SenderId.Length == 0 ? null : message.SenderId,
    };

    /// <summary>The field of <see cref="Reference"/> in a causal history.</summary>
    public byte[] ReferenceBytes => field ??= SdsCodec.HistoryBytes(Reference, dialect);

    /// <summary>Whether it is an own message.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Whether an own message has named it.</summary>
    public bool IsAnnounced { get; set; }

    /// <summary>The number of the last own message that named it out of turn.</summary>
    public long NamedBy { get; set; }

    /// <summary>The order of the history: time, then id.</summary>
    public int CompareTo(SdsLogEntry? other)
    {
        if (other is null) return 1;
        int byTime = Message.Timestamp.GetValueOrDefault().CompareTo(other.Message.Timestamp.GetValueOrDefault());
        return byTime != 0 ? byTime : string.CompareOrdinal(Message.Id, other.Message.Id);
    }
}
