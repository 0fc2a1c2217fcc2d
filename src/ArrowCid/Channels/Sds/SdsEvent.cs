namespace ArrowCid.Channels.Sds;

/// <summary>An event of an SDS channel, for <see cref="SdsOptions.OnEvent"/>.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="ChannelId">The channel.</param>
/// <param name="MessageId">The message that it is about; empty for <see cref="SdsEventKind.StorageFailed"/>.</param>
public sealed record SdsEvent(SdsEventKind Kind, string ChannelId, string MessageId)
{
    /// <summary>The delivered message; <see langword="null"/> in events of other kinds.</summary>
    public SdsMessage? Message { get; init; }

    /// <summary>The participant that acknowledged; empty in events of other kinds.</summary>
    public string ParticipantId { get; init; } = "";

    /// <summary>What is to be sent to all participants; empty in events of other kinds.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The missing dependencies, with the hints that came with them; empty in events of other kinds.</summary>
    public IReadOnlyList<SdsHistoryEntry> Missing { get; init; } = [];

    /// <summary>The failure of the storage; <see langword="null"/> in events of other kinds.</summary>
    public Exception? Error { get; init; }
}
