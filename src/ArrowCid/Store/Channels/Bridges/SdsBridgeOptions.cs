using ArrowCid.Channels.Sds;

namespace ArrowCid;

/// <summary>Options of an <see cref="SdsBridge"/>.</summary>
public sealed record SdsBridgeOptions
{
    /// <summary>Sends bytes to all participants of the SDS channel. It is called on the threads of the bridge's
    /// callers, and must not call the bridge.</summary>
    public required Action<ReadOnlyMemory<byte>> Send { get; init; }

    /// <summary>The id of the bridge in the SDS channel: 1 to 256 bytes of UTF-8. Null: the id of the participant in
    /// the channel of the store.</summary>
    public string? ParticipantId { get; init; }

    /// <summary>The SDS channel: 1 to 256 bytes of UTF-8. Null: the name of the channel of the store.</summary>
    public string? ChannelId { get; init; }

    /// <summary>Dialect, storage and limits. Without a storage, a bridge that starts again does not know what it
    /// received before.</summary>
    public SdsOptions Sds { get; init; } = new();

    /// <summary>Whether a bridge that never ran also carries the messages that are in the channel of the store
    /// already.</summary>
    public bool FromOldest { get; init; }
}
